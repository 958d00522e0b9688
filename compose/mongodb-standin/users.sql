-- Makes the four users, or gives them the password of the secret file; harmless to run again.
-- The stand-in knows only two sets of roles and enforces neither; real MongoDB gets narrower ones (compose/mongodb/users.js).
\set ON_ERROR_STOP on
CREATE OR REPLACE FUNCTION pg_temp.provision(name text, password text, roles json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
        PERFORM documentdb_api.update_user(json_build_object('updateUser', name, 'pwd', password)::text::documentdb_core.bson);
    ELSE
        PERFORM documentdb_api.create_user(
            json_build_object('createUser', name, 'pwd', password, 'roles', roles)::text::documentdb_core.bson);
    END IF;
END $$;
\set everything '[{"role":"readWriteAnyDatabase","db":"admin"},{"role":"clusterAdmin","db":"admin"}]'
\set reading '[{"role":"readAnyDatabase","db":"admin"}]'
\set root `cat /run/secrets/mongo_root_password`
\set app `cat /run/secrets/mongo_app_password`
\set ai `cat /run/secrets/mongo_ai_password`
\set backup `cat /run/secrets/mongo_backup_password`
SELECT pg_temp.provision('root', :'root', :'everything');
SELECT pg_temp.provision('tradeai', :'app', :'everything');
SELECT pg_temp.provision('ai', :'ai', :'reading');
SELECT pg_temp.provision('backup', :'backup', :'everything');
