import type {
  CancelSubscriptionRequestEntity,
  CancelSubscriptionRequestEntity$Outbound,
  CreateCheckoutRequest,
  CreateCheckoutRequest$Outbound,
  CreateCustomerPortalLinkRequestEntity,
  CreateCustomerPortalLinkRequestEntity$Outbound,
  CreateCustomerRequestEntity,
  CreateCustomerRequestEntity$Outbound,
  CreateDiscountRequestEntity,
  CreateDiscountRequestEntity$Outbound,
  CreateProductRequestEntity,
  CreateProductRequestEntity$Outbound,
  CreateRefundRequestEntity,
  CreateRefundRequestEntity$Outbound,
  UpdateCustomerRequestEntity,
  UpdateCustomerRequestEntity$Outbound,
  UpdateProductRequestEntity,
  UpdateProductRequestEntity$Outbound,
  UpgradeSubscriptionRequestEntity,
  UpgradeSubscriptionRequestEntity$Outbound,
} from 'creem/models/components';
import type {
  GetTransactionByIdRequest,
  GetTransactionByIdRequest$Outbound,
  RetrieveCheckoutRequest,
  RetrieveCheckoutRequest$Outbound,
  RetrieveCustomerRequest,
  RetrieveCustomerRequest$Outbound,
  RetrieveDiscountRequest,
  RetrieveDiscountRequest$Outbound,
  RetrieveSubscriptionRequest,
  RetrieveSubscriptionRequest$Outbound,
  SearchProductsRequest,
  SearchProductsRequest$Outbound,
  SearchTransactionsRequest,
  SearchTransactionsRequest$Outbound,
} from 'creem/models/operations';

/*
 * What each endpoint takes, in the SDK's own types. The SDK has two of each: `CreemParameters` holds what a program gives,
 * with closed enums and what may be left out; `CreemWire` what is sent, with the names that are on the wire.
 * `scripts/generate-creem-schemas.mjs` makes one JSON Schema of both, which the server checks requests against.
 */

export interface CreemParameters {
  createCheckout: CreateCheckoutRequest;
  retrieveCheckout: RetrieveCheckoutRequest;
  createCustomer: CreateCustomerRequestEntity;
  updateCustomer: UpdateCustomerRequestEntity;
  retrieveCustomer: RetrieveCustomerRequest;
  createPortalLink: CreateCustomerPortalLinkRequestEntity;
  createDiscount: CreateDiscountRequestEntity;
  retrieveDiscount: RetrieveDiscountRequest;
  createProduct: CreateProductRequestEntity;
  updateProduct: UpdateProductRequestEntity;
  searchProducts: SearchProductsRequest;
  retrieveSubscription: RetrieveSubscriptionRequest;
  cancelSubscription: CancelSubscriptionRequestEntity;
  upgradeSubscription: UpgradeSubscriptionRequestEntity;
  retrieveTransaction: GetTransactionByIdRequest;
  searchTransactions: SearchTransactionsRequest;
  createRefund: CreateRefundRequestEntity;
}

export interface CreemWire {
  createCheckout: CreateCheckoutRequest$Outbound;
  retrieveCheckout: RetrieveCheckoutRequest$Outbound;
  createCustomer: CreateCustomerRequestEntity$Outbound;
  updateCustomer: UpdateCustomerRequestEntity$Outbound;
  retrieveCustomer: RetrieveCustomerRequest$Outbound;
  createPortalLink: CreateCustomerPortalLinkRequestEntity$Outbound;
  createDiscount: CreateDiscountRequestEntity$Outbound;
  retrieveDiscount: RetrieveDiscountRequest$Outbound;
  createProduct: CreateProductRequestEntity$Outbound;
  updateProduct: UpdateProductRequestEntity$Outbound;
  searchProducts: SearchProductsRequest$Outbound;
  retrieveSubscription: RetrieveSubscriptionRequest$Outbound;
  cancelSubscription: CancelSubscriptionRequestEntity$Outbound;
  upgradeSubscription: UpgradeSubscriptionRequestEntity$Outbound;
  retrieveTransaction: GetTransactionByIdRequest$Outbound;
  searchTransactions: SearchTransactionsRequest$Outbound;
  createRefund: CreateRefundRequestEntity$Outbound;
}
