import {
  GraphQLCurrency,
  GraphQLDateTime,
  GraphQLJSONObject,
  GraphQLLocalDate,
  GraphQLSafeInt,
  GraphQLTimeZone,
  GraphQLURL,
} from 'graphql-scalars';

/** The scalars that are not our own invention. */
export const CurrencyScalar = GraphQLCurrency;
export const DateTimeScalar = GraphQLDateTime;
export const JsonObjectScalar = GraphQLJSONObject;
export const LocalDateScalar = GraphQLLocalDate;
export const SafeIntScalar = GraphQLSafeInt;
export const TimeZoneScalar = GraphQLTimeZone;
export const UrlScalar = GraphQLURL;
