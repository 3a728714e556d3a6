-- Once, on the primary, as postgres: psql -f roles.sql -v password="'…'"
CREATE ROLE rollcall LOGIN PASSWORD :password;
CREATE ROLE rollcall_app NOLOGIN;
GRANT rollcall_app TO rollcall;
CREATE DATABASE rollcall OWNER rollcall ENCODING 'UTF8' TEMPLATE template0;
