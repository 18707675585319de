#!/bin/sh
# A database from nothing: made, filled, put under load, asked, stopped. As nobody, since the server refuses root.
#   run.sh ROOT FOLDER        ROOT holds pg/, FOLDER is empty and nobody's
# Prints the answers to queries and nothing that depends on the time; what fails goes to standard error.
root=${1%/} folder=$2
export PATH=$root/pg/bin:$PATH LD_LIBRARY_PATH=$root/pg/lib PGHOST=$folder PGUSER=nobody PGDATABASE=postgres TZ=UTC PGTZ=UTC
if [ "$(id -u)" = 0 ]; then
    chown nobody "$folder"
    exec setuidgid nobody "$0" "$@"
fi
cd "$folder" || exit 1
must() { "$@" >log 2>&1 || { echo "failed: $*" >&2; cat log server >&2; exit 1; }; }

must initdb -D data -A trust -U nobody --locale=C -E UTF8 --no-sync
cat >>data/postgresql.conf <<END
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
shared_buffers = 16MB
max_connections = 20
END
must pg_ctl -D data -l server -w -t 100 start
must pgbench -i -s 1
must pgbench -n -c 4 -j 2 -t 25
psql -v ON_ERROR_STOP=1 -X -q -f "$root/pg/queries.sql" || exit 1
psql -X -A -t -c 'select count(*), (select sum(bbalance) from pgbench_branches) = (select sum(abalance) from pgbench_accounts) from pgbench_accounts'
# What was committed is there after a crash.
psql -X -q -c "create table kept as select generate_series(1, 1000) as n; checkpoint; insert into kept select 1001"
pid=$(head -n 1 data/postmaster.pid)
kill -QUIT "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
must pg_ctl -D data -l server -w -t 100 start
psql -X -A -t -c 'select count(*), sum(n) from kept'
must pg_ctl -D data -m fast -w -t 100 stop
echo stopped
