import type { Channel } from '../../platform/money.ts';
import { ProviderRefused, ProviderUnsupported } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import { canBuy } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import { checkRedirect, type RedirectRule } from '../payment-method/redirect.policy.ts';
import type { SubscriptionService } from './subscription.service.ts';

interface PortalServiceNeeds {
  readonly accounts: AccountService;
  readonly customers: ProviderCustomerService;
  readonly subscriptions: SubscriptionService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly redirects: RedirectRule;
}

interface PortalWish {
  readonly accountId: string;
  readonly returnUrl: URL;
  readonly channel: Channel | null;
}

/** The provider's own pages, where a customer cancels, resumes, changes the card and sees invoices. */
export class PortalService {
  readonly #needs: PortalServiceNeeds;

  constructor(needs: PortalServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Opens the portal of the channel that was asked for, or else the subscription's, or else the first one that is set up.
   * The address is short-lived, opens to whoever has it, and is kept nowhere. Throws ChannelUnsupported, NotAllowedNow (the
   * account is deleted, or the provider's portal is not set up), InvalidInput, NotFound and ProviderUnavailable.
   */
  async createPortalSession({ accountId, returnUrl, channel: asked }: PortalWish): Promise<string> {
    const { accounts, customers, subscriptions, providers, redirects } = this.#needs;
    const url = checkRedirect('returnUrl', returnUrl, redirects);
    const account = await accounts.account(accountId);
    if (!canBuy(account.status)) throw new NotAllowedNow('The account is deleted.');
    const live = await subscriptions.liveSubscription(accountId);
    const [first = 'STRIPE'] = providers.keys();
    const channel = asked ?? live?.channel ?? first;
    const provider = providers.get(channel);
    if (provider === undefined) throw new ChannelUnsupported(channel, `${channel} is not set up.`);
    try {
      const customerId = await customers.customerFor(account, provider);
      const portal = { customerId, returnUrl: url, change: null };
      return (await provider.createPortalSession(portal)).url;
    } catch (error) {
      if (error instanceof ProviderUnsupported)
        throw new ChannelUnsupported(channel, error.message);
      if (error instanceof ProviderRefused)
        throw new NotAllowedNow(
          `${channel} opens no portal: it may not be configured there yet.`,
          {},
          { cause: error },
        );
      throw error;
    }
  }
}
