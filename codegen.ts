import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed operations for the tests, generated from schema.graphql and test/operations. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'test/operations/*.graphql',
  generates: {
    'test/support/operations.generated.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        avoidOptionals: false,
        defaultScalarType: 'unknown',
        strictScalars: true,
        scalars: {
          Credits: 'string',
          Currency: 'string',
          DateTime: 'string',
          JSONObject: 'Record<string, unknown>',
          LocalDate: 'string',
          SafeInt: 'number',
          TimeZone: 'string',
          URL: 'string',
        },
      },
    },
  },
};

export default config;
