create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)
insert into t select i, printf('%05x', i * 7919 % 65536), i / 7.0 from n;
create index tb on t(b);
select count(*), sum(a), round(sum(c), 3), max(b) from t;
select b, count(*) c from (select substr(b, 1, 2) b from t) group by b order by c desc, b limit 3;
update t set c = c * 2 where a % 3 = 0;
delete from t where b like '%f';
select count(*), round(avg(c), 4) from t;
select count(*) from t x join t y on x.b = y.b where x.a % 50 = 0;
