-- Why:  Creem sells a product, which has one price: the product of each price that Tollgate made there is kept with the price.
--       What the catalogue file names itself stays with the plan, and outranks it.
-- Lock: ACCESS EXCLUSIVE on plan_price, for a moment: a nullable column without a default, and a unique key over nulls.
-- Undo: alter table plan_price drop column creem_product_id;

alter table plan_price
  add column creem_product_id text constraint plan_price_creem_unique unique;
