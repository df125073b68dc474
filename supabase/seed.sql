-- Two demo users, password `file-events`: ada@example.com and grace@example.com. For development
-- only. Repeatable, on a real Supabase (Auth reads the token columns as '', never as null) and
-- on the embedded one.

insert into auth.users (
  id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
  raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change,
  email_change_token_new, email_change_token_current, phone_change, phone_change_token,
  reauthentication_token
)
select
  demo.id, 'authenticated', 'authenticated', demo.email,
  -- bcrypt of the password: pgcrypto's crypt() is not on every server.
  '$2a$10$Ijs5KSzd3f2Vtj0TPFQCmeKFXXUaJ9wqCTJ8/2BfkcrtSpLNa6xsq',
  now(), '{"provider": "email", "providers": ["email"]}', jsonb_build_object('name', demo.name),
  now(), now(), '', '', '', '', '', '', '', ''
from (
  values
    ('11111111-1111-4111-8111-111111111111'::uuid, 'ada@example.com', 'Ada'),
    ('22222222-2222-4222-8222-222222222222'::uuid, 'grace@example.com', 'Grace')
) as demo (id, email, name)
on conflict do nothing;

insert into auth.identities (
  id, provider, provider_id, user_id, identity_data, last_sign_in_at, created_at, updated_at
)
select
  u.id, 'email', u.id::text, u.id,
  jsonb_build_object(
    'sub', u.id, 'email', u.email, 'email_verified', true, 'phone_verified', false
  ),
  now(), now(), now()
from auth.users u
where u.id in ('11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222')
on conflict do nothing;

-- Supabase Auth finds a user by this column too; the embedded stack doesn't have it.
do $$
begin
  if exists (
    select from information_schema.columns
    where table_schema = 'auth' and table_name = 'users' and column_name = 'instance_id'
  ) then
    update auth.users set instance_id = '00000000-0000-0000-0000-000000000000'
    where instance_id is null and id in (
      '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'
    );
  end if;
end;
$$;
