# shellcheck shell=bash
# Base images made from Debian packages under the names that docker-compose.yml and deploy/Dockerfile use, for a machine
# that reaches no image registry. Sourced by scripts/check-containers, which has set ENGINE and work, and
# sourced console.sh.
# shellcheck disable=SC2034,SC2154  # variables of that script

STAND_IN_SUITE=trixie
# Prepared once, and kept beside other tools: the smallest Debian.
make_base() {
  local folder=$TOOLS/debian-$STAND_IN_SUITE
  "$ENGINE" image inspect "ev-base:$STAND_IN_SUITE" >/dev/null 2>&1 && return
  have debootstrap || apt_install debootstrap || return
  if [ ! -e "$folder.tar" ]; then
    rm -rf "$folder"
    note "making a Debian $STAND_IN_SUITE"
    debootstrap --variant=minbase "$STAND_IN_SUITE" "$folder" >"$work/debootstrap" 2>&1 || {
      tail -5 "$work/debootstrap" >&2
      return 1
    }
    tar -C "$folder" -cf "$folder.tar.part" . && mv "$folder.tar.part" "$folder.tar" && rm -rf "$folder"
  fi
  "$ENGINE" import "$folder.tar" "ev-base:$STAND_IN_SUITE" >/dev/null
}

# stand_in IMAGE PACKAGE…: builds the image from the packages and from the files in $work/stand-in, whose entry point is
# docker-entrypoint.sh. Standard input: further lines of its Containerfile.
stand_in() {
  local image=$1
  shift
  {
    echo "FROM ev-base:$STAND_IN_SUITE"
    printf 'RUN printf "#!/bin/sh\\nexit 101\\n" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && apt-get -qq update'
    printf ' && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends %s >/dev/null && rm -rf /var/lib/apt/lists\n' "$*"
    echo 'COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh'
    echo 'ENTRYPOINT ["docker-entrypoint.sh"]'
    cat
  } >"$work/stand-in/Containerfile"
  chmod 755 "$work/stand-in/docker-entrypoint.sh"
  # The packages come over the network of this machine.
  "$ENGINE" build --network host -t "$image" "$work/stand-in" >"$work/build" 2>&1 || {
    tail -15 "$work/build" >&2
    return 1
  }
}

stand_in_mysql() {
  cat >"$work/stand-in/docker-entrypoint.sh" <<'SH'
#!/bin/bash
# As the official image: the first start prepares the data folder with the administrator's password.
set -eu
if [ "${1:-mysqld}" != mysqld ]; then exec "$@"; fi
if [ ! -d /var/lib/mysql/mysql ]; then
  mariadb-install-db --user=mysql --skip-test-db >/dev/null
fi
install -d -o mysql -g mysql /run/mysqld
cat >/run/mysqld/init.sql <<SQL
CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
chown mysql /run/mysqld/init.sql
exec mariadbd --user=mysql --bind-address=0.0.0.0 --skip-name-resolve --init-file=/run/mysqld/init.sql
SH
  stand_in "$1" mariadb-server mariadb-client <<'LINES'
RUN ln -sf /usr/bin/mariadb /usr/local/bin/mysql && rm -rf /var/lib/mysql/*
CMD ["mysqld"]
VOLUME /var/lib/mysql
LINES
}
stand_in_rabbitmq() {
  cat >"$work/stand-in/docker-entrypoint.sh" <<'SH'
#!/bin/bash
# As the official image: the server runs as its own user, everything else as it is asked for.
set -eu
if [ "${1:-}" = rabbitmq-server ]; then
  chown -R rabbitmq:rabbitmq /var/lib/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups env HOME=/var/lib/rabbitmq /usr/lib/rabbitmq/bin/rabbitmq-server
fi
exec "$@"
SH
  stand_in "$1" rabbitmq-server procps <<'LINES'
ENV HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
RUN printf '#!/bin/sh\nexec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups /usr/lib/rabbitmq/bin/rabbitmq-diagnostics "$@"\n' >/usr/local/bin/rabbitmq-diagnostics && chmod 755 /usr/local/bin/rabbitmq-diagnostics
CMD ["rabbitmq-server"]
VOLUME /var/lib/rabbitmq
LINES
}
stand_in_redis() {
  printf '#!/bin/sh\nexec "$@"\n' >"$work/stand-in/docker-entrypoint.sh"
  stand_in "$1" redis-server redis-tools <<'LINES'
CMD ["redis-server"]
LINES
}
stand_in_nginx() {
  cat >"$work/stand-in/docker-entrypoint.sh" <<'SH'
#!/bin/sh
# As the official image: files of /docker-entrypoint.d set variables, which the templates then contain.
set -eu
if [ "${1:-}" = nginx ]; then
  NGINX_LOCAL_RESOLVERS=$(awk '/^nameserver/ {print $2}' /etc/resolv.conf | tr '\n' ' ')
  export NGINX_LOCAL_RESOLVERS
  for file in /docker-entrypoint.d/*.envsh; do
    if [ -x "$file" ]; then . "$file"; fi
  done
  defined=$(printf '${%s} ' $(awk 'BEGIN {for (name in ENVIRON) print name}'))
  for template in /etc/nginx/templates/*.template; do
    envsubst "$defined" <"$template" >"${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}/$(basename "$template" .template)"
  done
fi
exec "$@"
SH
  stand_in "$1" nginx-light gettext-base curl <<'LINES'
RUN mkdir -p /docker-entrypoint.d /var/cache/nginx && useradd --system --no-create-home nginx
CMD ["nginx", "-g", "daemon off;"]
LINES
}
# The router of the read graph, of the packages that deploy/graph locks.
stand_in_gateway() {
  graph_packages || return
  printf '#!/bin/sh\nexec /gateway/node_modules/.bin/hive-gateway "$@"\n' >"$work/stand-in/docker-entrypoint.sh"
  cp -R "$TOOLS/graph/node_modules" "$work/stand-in/" || return
  stand_in "$1" nodejs <<'LINES'
WORKDIR /gateway
COPY node_modules node_modules
CMD ["supergraph"]
LINES
}
# The compiler of this machine.
stand_in_rust() {
  local toolchain
  toolchain=$(cd "$ROOT" && rustc --print sysroot) || return
  printf '#!/bin/sh\nexec "$@"\n' >"$work/stand-in/docker-entrypoint.sh"
  mkdir -p "$work/stand-in/rust"
  tar -C "$toolchain" --exclude=./share/doc -cf - . | tar -C "$work/stand-in/rust" -xf - || return
  stand_in "$1" gcc libc6-dev ca-certificates <<'LINES'
COPY rust /usr/local
ENV CARGO_HOME=/usr/local/cargo
CMD ["bash"]
LINES
}

# address_of_image IMAGE: with its registry, which is the common one when the name has none.
address_of_image() {
  case "$1" in
    *.*/*) echo "$1" ;;
    */*) echo "docker.io/$1" ;;
    *) echo "docker.io/library/$1" ;;
  esac
}
# provide_image IMAGE: pulls the image, or makes its stand-in. Adds what was done to PROVIDED.
PROVIDED=()
STAND_INS=
provide_image() {
  local image=$1 name=${1%%:*}
  if "$ENGINE" image inspect "$image" >/dev/null 2>&1; then
    if is_stand_in "$image"; then STAND_INS=1 image+=" (from Debian $STAND_IN_SUITE)"; fi
    PROVIDED+=("$image")
    return
  fi
  if timeout 300 "$ENGINE" pull -q "$(address_of_image "$image")" >/dev/null 2>&1; then
    PROVIDED+=("$image")
    return
  fi
  make_base || return
  rm -rf "$work/stand-in"
  mkdir -p "$work/stand-in"
  "stand_in_${name##*/}" "$image" || return
  rm -rf "$work/stand-in"
  STAND_INS=1
  PROVIDED+=("$image (from Debian $STAND_IN_SUITE)")
}
is_stand_in() { [[ "$("$ENGINE" image history --no-trunc "$1" 2>/dev/null)" = *policy-rc.d* ]]; }
