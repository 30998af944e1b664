-- The rules of a matching cascade as a team would write them in plain SQL: exact references, references found in text by
-- tokens and grams, batch sums, amount with counterparty and date, returns. Every pass takes unique answers only and sees
-- what is still open. $DIR and $OUT are replaced by the caller. No subset sums, no weighing of evidence.

create temp table lines as select * from read_parquet('$DIR/bank_lines.parquet');
create temp table payments as select * from read_parquet('$DIR/payments.parquet');
create temp table items as select * from read_parquet('$DIR/open_items.parquet');
create temp table links as select * from read_parquet('$DIR/links.parquet');
create temp table found (line varchar, dataset varchar, other varchar);
create macro plain(s) as translate(upper(s), 'OI', '01');

-- 1: a payment's identifier among the references of the line
insert into found
with l as (select item_id, entity, sign(amount) s, unnest("references") as id from lines),
p as (select item_id, entity, sign(amount) s, unnest("references") as id from payments)
select l.item_id, 'payments', p.item_id from l join p using (entity, s, id)
qualify count(*) over (partition by l.item_id) = 1 and count(*) over (partition by p.item_id) = 1;

-- tokens of open lines, alone and joined over up to three: an identifier may be broken or written with other separators
create temp table tokens as
with open_lines as (select item_id, entity, amount, text, "references" from lines where item_id not in (select line from found)),
words as (
    select item_id, entity, amount,
        list_filter(string_split_regex(plain(concat_ws(' ', text, array_to_string("references", ' '))), '[^A-Z0-9]+'), lambda x: x <> '') w
    from open_lines
),
grams as (
    select item_id, entity, amount, unnest(list_concat(
        w,
        list_transform(range(1, len(w)), lambda i: w[i] || w[i + 1]),
        list_transform(range(1, len(w) - 1), lambda i: w[i] || w[i + 1] || w[i + 2])
    )) token from words
)
select distinct item_id, entity, amount, token from grams where len(token) between 5 and 40;

create temp table item_keys as
select item_id, entity, amount, regexp_replace(plain(id), '[^A-Z0-9]', '', 'g') token
from (select item_id, entity, amount, unnest("references") as id from items);

create temp table hits as
select distinct t.item_id line, k.item_id item, t.amount, k.amount item_amount
from tokens t join item_keys k using (entity, token) where sign(t.amount) = sign(k.amount) or k.amount < 0;

-- 2: end-to-end ids in the text
insert into found
with p as (
    select item_id, entity, amount, regexp_replace(plain(unnest("references")), '[^A-Z0-9]', '', 'g') token from payments
    where item_id not in (select other from found)
)
select t.item_id, 'payments', p.item_id from tokens t join p using (entity, token) where sign(t.amount) = sign(p.amount)
qualify count(*) over (partition by t.item_id) = 1 and count(*) over (partition by p.item_id) = 1;

-- 3: the invoice in the text, its payment by the link, the same amount
insert into found
with candidates as (
    select distinct h.line, k.left_id payment from hits h join links k on k.right_id = h.item
    join payments p on p.item_id = k.left_id and p.amount = h.amount
    where h.line not in (select line from found) and p.item_id not in (select other from found)
)
select line, 'payments', payment from candidates
qualify count(*) over (partition by line) = 1 and count(*) over (partition by payment) = 1;

-- 4: the invoices in the text add up to the line
insert into found
with chosen as (
    select line, any_value(amount) amount, sum(item_amount) total, list(item) items from hits
    where line not in (select line from found) and item not in (select other from found) group by line
)
select line, 'open_items', unnest(items) from chosen where total = amount;

-- 5: one invoice in the text, another amount: partial payments, fees, discounts
insert into found
with left_over as (
    select * from hits h where line not in (select line from found) and sign(amount) = sign(item_amount)
    and not exists (select 1 from links k where k.right_id = h.item)
)
select line, 'open_items', item from left_over where item not in (select other from found)
and abs(amount) <= abs(item_amount) * 1.5 qualify count(*) over (partition by line) = 1;

-- 6: batches
insert into found
with batches as (
    select batch_id, account, currency, sum(amount) as total, min(date) as first_day, list(item_id) members, count(*) as n from payments
    where batch_id is not null and item_id not in (select other from found) group by all
),
pairs as (
    select l.item_id line, b.members, b.batch_id, b.account from lines l join batches b
    on l.account = b.account and l.currency = b.currency and l.amount = b.total and b.n > 1
    and l.date between b.first_day and b.first_day + 7 where l.item_id not in (select line from found)
    qualify count(*) over (partition by l.item_id) = 1 and count(*) over (partition by b.batch_id, b.account) = 1
)
select line, 'payments', unnest(members) from pairs;

-- 7: amount, date and the counterparty's account, then amount and date alone
insert into found
select l.item_id, 'payments', p.item_id from lines l join payments p
on l.account = p.account and l.amount = p.amount and l.counterparty_account = p.counterparty_account
and l.date between p.date and p.date + 7
where l.item_id not in (select line from found) and p.item_id not in (select other from found)
qualify count(*) over (partition by l.item_id) = 1 and count(*) over (partition by p.item_id) = 1;

insert into found
select l.item_id, 'payments', p.item_id from lines l join payments p
on l.account = p.account and l.amount = p.amount and l.date between p.date and p.date + 7
where l.item_id not in (select line from found) and p.item_id not in (select other from found)
qualify count(*) over (partition by l.item_id) = 1 and count(*) over (partition by p.item_id) = 1;

insert into found
select l.item_id, 'open_items', i.item_id from lines l join items i
on l.entity = i.entity and l.currency = i.currency and l.amount = i.amount and l.counterparty_account = i.counterparty_account
and i.due_date between l.date - 20 and l.date + 20
where l.item_id not in (select line from found) and i.item_id not in (select other from found)
qualify count(*) over (partition by l.item_id) = 1 and count(*) over (partition by i.item_id) = 1;

-- 8: returns and corrections
insert into found
select b.item_id, 'bank_lines', a.item_id from lines a join lines b
on a.account = b.account and a.amount = -b.amount and b.date between a.date and a.date + 7 and a.item_id <> b.item_id
where regexp_matches(upper(b.text), 'RETURN|REVERSAL|CORRECTION') and b.item_id not in (select line from found)
qualify count(*) over (partition by b.item_id) = 1 and count(*) over (partition by a.item_id) = 1;

copy (select line, dataset, other from found order by all) to '$OUT' (format parquet);
