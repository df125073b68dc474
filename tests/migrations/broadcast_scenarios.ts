/** `:alice`, `:bob` stand for new users, `:a` to `:c` for ids of files. */
export interface Scenario {
  before?: string;
  as?: "alice" | "service_role";
  write: string;
  /** `<owner> update|delete <file>`, `<owner> ping` or `<owner> many`. */
  sends: string[];
}

/** A file of a name, as an owner's. */
export const add = (owner: string, file: string) =>
  `insert into public.files (id, user_id, filename, file_type)
    values (:${file}, :${owner}, '${file}.pdf', 'pdf');`;
/** Files without names. */
export const addMany = (owner: string, count: number) =>
  `insert into public.files (user_id, filename, file_type)
    select :${owner}, i, 'pdf' from generate_series(1, ${count}) i;`;
const upsert = (progress: number) =>
  `insert into public.files (id, user_id, filename, file_type, progress)
    values (:a, :alice, 'a.pdf', 'pdf', ${progress})
    on conflict (id) do update set progress = excluded.progress`;
const merge = `merge into public.files f
  using (values (:a, 1), (:b, 2), (:c, 3)) as s (id, progress) on f.id = s.id
  when matched and s.progress = 1 then update set progress = 1
  when matched then delete
  when not matched then insert (id, user_id, filename, file_type)
    values (s.id, :alice, 'c.pdf', 'pdf')`;

/** By what is written: whom it tells of what. */
export const scenarios: Record<string, Scenario> = {
  "an insert": { write: add("alice", "a"), sends: ["alice update a"] },
  "an insert as its owner": {
    as: "alice",
    write: "insert into public.files (id, filename, file_type) values (:a, 'a.pdf', 'pdf')",
    sends: ["alice update a"],
  },
  "an update as its owner": {
    before: add("alice", "a"),
    as: "alice",
    write: `with pgrst_source as (
      update public.files set progress = 5 where id = :a returning *
    ) select count(*) from pgrst_source`,
    sends: ["alice update a"],
  },
  "a delete as its owner": {
    before: add("alice", "a") + add("bob", "b"),
    as: "alice",
    write: "delete from public.files where id in (:a, :b)",
    sends: ["alice delete a"],
  },
  "an update by service_role": {
    before: add("alice", "a"),
    as: "service_role",
    write: "update public.files set status = 'processing' where id = :a",
    sends: ["alice update a"],
  },
  "an update of somebody else's file": {
    before: add("bob", "b"),
    as: "alice",
    write: "update public.files set progress = 5 where id = :b",
    sends: [],
  },
  "an update that changes nothing": {
    before: add("alice", "a"),
    write: "update public.files set progress = progress where id = :a",
    sends: [],
  },
  "an update of a column that is not streamed": {
    before: add("alice", "a"),
    write: "update public.files set created_at = '2001-01-01', revision = 7 where id = :a",
    sends: [],
  },
  "set revision = null": {
    before: add("alice", "a"),
    write: "update public.files set revision = null where id = :a",
    sends: ["alice update a"],
  },
  "an update of many rows that changes one": {
    before: addMany("bob", 60) + add("alice", "a"),
    write: `update public.files set progress = case id when :a then 5 else progress end
      where user_id in (:alice, :bob)`,
    sends: ["alice update a"],
  },
  ...Object.fromEntries(
    Object.entries({
      filename: "'b.pdf'",
      file_type: "'txt'",
      status: "'failed'",
      progress: "5",
      processing_stage: "'embedding'",
      error_message: "'broken'",
    }).map(([column, value]) => [`an update of ${column}`, {
      before: add("alice", "a"),
      write: `update public.files set ${column} = ${value} where id = :a`,
      sends: ["alice update a"],
    }]),
  ),
  "several rows of several owners": {
    before: add("alice", "a") + add("bob", "b"),
    write: "update public.files set progress = 5 where id in (:a, :b)",
    sends: ["alice update a", "bob update b"],
  },
  "a delete of nothing": { write: "delete from public.files where id = :a", sends: [] },
  "a second delete of an id": {
    before: add("alice", "a") + "delete from public.files where id = :a;" + add("alice", "a"),
    write: "delete from public.files where id = :a",
    sends: ["alice delete a"],
  },
  "a change of owner": {
    before: add("alice", "a"),
    write: "update public.files set user_id = :bob where id = :a",
    sends: ["alice delete a", "bob update a"],
  },
  "a change of owner and back": {
    before: add("alice", "a"),
    write: `begin; update public.files set user_id = :bob where id = :a;
      update public.files set user_id = :alice where id = :a; commit`,
    sends: ["alice delete a", "bob update a", "bob delete a", "alice update a"],
  },
  "a change of id": {
    before: add("alice", "a"),
    write: "update public.files set id = :b where id = :a",
    sends: ["alice delete a", "alice update b"],
  },
  "a delete and an insert of one id in a transaction": {
    before: add("alice", "a"),
    write: `begin; delete from public.files where id = :a; ${add("bob", "a")} commit`,
    sends: ["alice delete a", "bob update a"],
  },
  "a delete and an insert of one id in a statement": {
    before: add("alice", "a"),
    write: `with gone as (delete from public.files where id = :a returning *)
      insert into public.files (id, user_id, filename, file_type)
      select id, user_id, 'b.pdf', 'pdf' from gone`,
    sends: ["alice update a", "alice update a"],
  },
  "an upsert that inserts": { write: upsert(5), sends: ["alice update a"] },
  "an upsert that updates": {
    before: add("alice", "a"),
    write: upsert(5),
    sends: ["alice update a"],
  },
  "an upsert that changes nothing": { before: add("alice", "a"), write: upsert(0), sends: [] },
  "a merge": {
    before: add("alice", "a") + add("alice", "b"),
    write: merge,
    sends: ["alice delete b", "alice update a", "alice update c"],
  },
  "an insert that stamps its row twice": {
    write: `begin isolation level repeatable read; ${add("alice", "a")} commit`,
    sends: ["alice update a"],
  },
  "many rows that stamp themselves twice": {
    write: `begin isolation level repeatable read; ${addMany("alice", 60)} commit`,
    sends: ["alice ping"],
  },
  "a rollback": {
    before: add("alice", "a"),
    write: "begin; update public.files set progress = 5 where id = :a; rollback",
    sends: [],
  },
  "a rollback to a savepoint": {
    before: add("alice", "a") + add("alice", "b"),
    write: `begin; update public.files set progress = 5 where id = :a; savepoint s;
      update public.files set progress = 5 where id = :b; rollback to s; commit`,
    sends: ["alice update a"],
  },
  "the end of an account": {
    before: add("alice", "a") + add("alice", "b") + add("bob", "c"),
    write: "delete from auth.users where id = :alice",
    sends: ["alice delete a", "alice delete b"],
  },
  "the end of several accounts": {
    before: addMany("alice", 30) + addMany("bob", 30),
    write: "delete from auth.users where id in (:alice, :bob)",
    sends: ["alice ping", "bob ping"],
  },
  "51 inserts": { write: addMany("alice", 51), sends: ["alice ping"] },
  "an update of 51 rows": {
    before: addMany("alice", 30) + addMany("bob", 21),
    write: "update public.files set progress = 5 where user_id in (:alice, :bob)",
    sends: ["alice ping", "bob ping"],
  },
  "an update of 51 rows of one owner, none of another's": {
    before: addMany("alice", 51) + addMany("bob", 51),
    write: `update public.files set progress = case user_id when :alice then 5 else progress end
      where user_id in (:alice, :bob)`,
    sends: ["alice ping"],
  },
  "51 deletes": {
    before: addMany("alice", 51),
    write: "delete from public.files where user_id = :alice",
    sends: ["alice ping"],
  },
  "51 changes of owner": {
    before: addMany("alice", 51),
    write: "update public.files set user_id = :bob where user_id = :alice",
    sends: ["alice ping", "bob ping"],
  },
  "a truncate": {
    before: "delete from public.files;" + add("alice", "a") + add("bob", "b"),
    write: "truncate public.files",
    sends: ["alice ping", "bob ping"],
  },
};
