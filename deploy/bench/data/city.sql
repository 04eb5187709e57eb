-- The projection of a whole city at the hub, made where it lies. `city_name`, `city_reading` and `city_unit`
-- were copied in before; every choice is a hash of the person's number, so the same plan gives the same city.

-- step: people
create unlogged table city_person as
select n, nr, sex, district, street, leaf, mask,
  ('0' || right(md5('person' || n), 31))::uuid id, md5('identity' || n)::uuid identity, md5('phone' || n)::uuid phone,
  h(n, 8) % 100 < 92 numbered, (1950 + h(n, 9) % 56)::smallint birth_year,
  lpad((h(n, 10) % 10000)::text, 4, '0') identity4, lpad((h(n, 11) % 10000)::text, 4, '0') phone4
from (
  select n, nr, sex, h(n, 1) % 1000 district_at, h(n, 2) % 25 street, h(n, 3) % 100 leaf,
    case when sex = 'f' then (array[4,4,4,5,5,6,7,1,2,3])[1 + h(n, 4) % 10]
      else (array[1,1,1,1,2,3,3,3,3,3])[1 + h(n, 4) % 10] end mask
  from (select row_number() over () n, nr, sex
    from (select * from city_name order by name_key, name) c, generate_series(1, c.people)) numbered
) drawn cross join lateral (select count(*)::int district from unnest(array[60,130,215,315,400,500,585,670,750,840,920]) w
  where district_at >= w) d;

-- step: records
create unlogged table city_record as
select p.n, p.nr, o.bit, o.org, u.unit_id, u.path, u.own, u.names, u.scopes, u.district,
  md5(o.org || p.n)::uuid id, s.standing,
  row_number() over (partition by p.n order by s.rank, not p.numbered, o.bit) place
from city_person p join city_org o on p.mask >> o.bit & 1 = 1
join city_unit u on u.org = o.org and u.d = p.district and u.s = p.street and u.leaf = (p.leaf + o.bit * 7) % 100
cross join lateral (select case when h(p.n, 20 + o.bit) % 100 < 88 then 'active' when h(p.n, 20 + o.bit) % 100 < 91
  then 'pending' else 'left' end standing) given
join city_standing s on s.standing = given.standing;

-- step: affiliations
insert into affiliation (id, org, member_id, version, withdrawn, name, former_names, standing, sex, birth_year, district,
  identity, phone, card, name_birth_phone, birth_phone_sex, name_birth_sex, unit_id, told_at, shown)
select r.id, r.org, r.id, 1, false, c.name, '{}', r.standing, p.sex, p.birth_year, r.district,
  case when p.numbered then p.identity end, p.phone, md5('card' || r.org || r.n)::uuid, md5('nbp' || r.n)::uuid,
  md5('bps' || r.n)::uuid, md5('nbs' || r.n)::uuid, r.unit_id, now(),
  jsonb_build_object('standing_title', s.title, 'kind', 'member', 'kind_title', '会员', 'counted', true,
    'identity_mask', case when p.numbered then '5199****' || p.identity4 end, 'phone_mask', '120****' || p.phone4,
    'card_mask', null, 'identity_last4', case when p.numbered then p.identity4 end, 'phone_last4', p.phone4,
    'unit_names', r.names, 'unit_path', r.path, 'post', null, 'joined_on', '2020-01', 'left_on', null)
from city_record r join city_person p on p.n = r.n join city_name c on c.nr = r.nr
join city_standing s on s.standing = r.standing;

-- step: links
insert into belonging (affiliation_id, home, person_id)
select r.id, case when r.place = 1 then p.id else ('f' || right(md5('home' || r.org || r.n), 31))::uuid end, p.id
from city_record r join city_person p on p.n = r.n;
insert into edge (a, b, rule, state)
select least(a.id, b.id), greatest(a.id, b.id), case when p.numbered then 'R1' else 'R2' end, 'linked'
from city_record a join city_record b on b.n = a.n and b.place > a.place join city_person p on p.n = a.n;

-- step: search rows
create unlogged table city_derived as
select n, coalesce(bit_or(1 << bit) filter (where standing <> 'left'), 0) active,
  coalesce(bit_or(1 << bit) filter (where standing = 'left'), 0) past, bit_or(scopes) scopes, count(*)::smallint size,
  min(district) filter (where place = 1) district, min(own) filter (where place = 1) own,
  min(standing) filter (where place = 1) standing
from city_record group by n;
insert into person (id, name, name_key, spoken, active, past, district, standing, scopes, standing_title, sex, birth_year,
  phone_mask, identity_mask, unit, role, size)
select p.id, c.name, c.name_key, c.spoken, d.active, d.past & ~d.active, d.district, d.standing, d.scopes, s.title, p.sex,
  p.birth_year, '120****' || p.phone4, case when p.numbered then '5199****' || p.identity4 end, d.own, '会员', d.size
from city_derived d join city_person p on p.n = d.n join city_name c on c.nr = p.nr
join city_standing s on s.standing = d.standing order by p.n;
insert into person_name (person_id, name_key, pinyin, initials, plain, several, given, active, past, district, standing, scopes)
select p.id, c.name_key, g.pinyin, g.initials, g.plain, c.several, g.given, d.active, d.past & ~d.active, d.district,
  d.standing, d.scopes
from city_derived d join city_person p on p.n = d.n join city_name c on c.nr = p.nr
join city_reading g on g.nr = p.nr order by p.n;
insert into person_tail (person_id, tail, name_key, active, past, district, standing, scopes)
select p.id, t.tail, c.name_key, d.active, d.past & ~d.active, d.district, d.standing, d.scopes
from city_derived d join city_person p on p.n = d.n join city_name c on c.nr = p.nr
cross join lateral (select p.phone4 tail union select p.identity4 where p.numbered) t order by p.n;
