# shellcheck shell=bash disable=SC2034
# nginx for the machine, and root/: the files it wants there (configuration, a page to serve, its user).
SOURCE=nginx
MAIN=nginx
FILES="programs/nginx/*/*"

build() {
    # The module that would want crypt(3) is out, but its header is still asked for.
    mkdir ../include && : >../include/crypt.h
    ./configure --with-cc="$CC" --with-cc-opt="-O2 -I$PWD/../include" --with-ld-opt=-static \
        --crossbuild="Linux:6.1:$ARCH" --prefix=/nginx --conf-path=/etc/nginx.conf \
        --error-log-path=stderr --pid-path=/tmp/nginx.pid --lock-path=/tmp/nginx.lock \
        --without-http_rewrite_module --without-http_gzip_module --without-http_auth_basic_module \
        --with-threads --with-file-aio --with-poll_module --with-select_module
    make -j"$JOBS"
    cp objs/nginx "$OUT/"
    "$STRIP" "$OUT/nginx"
    cp -r "$HERE/programs/nginx" "$OUT/root"
}
