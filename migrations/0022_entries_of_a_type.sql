-- Why:  an account's entries of one type are found without reading all that it ever spent. Spends are nearly all there is, and stay out: they cost nothing more.
-- Lock: nobody writes entries while the index is built (a second for some million entries: only what is no spend goes in).
-- Undo: drop index credit_transaction_of_type;

create index credit_transaction_of_type on credit_transaction (account_id, type, sequence) where type <> 'SPEND';
