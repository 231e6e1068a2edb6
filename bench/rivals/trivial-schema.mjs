/** The one field that the floors are compared by: Tollgate has it too. */
export const typeDefs = `
  enum Channel { STRIPE CREEM }
  type Query { publishableKey(channel: Channel): String }
`;
export const publishableKey = 'pk_test_sandbox';

/** The port that the process is told, after the database's URL that nobody here needs. */
export const port = Number(process.argv[3]);
