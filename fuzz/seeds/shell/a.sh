#!/bin/sh -e
IMAGE=${IMAGE:-ghcr.io/acme/web:1.10} # imagelock: web
export DB="${DB:=postgres:16.9}"
cat <<'EOF'
image: ${X:-postgres:16.9}
EOF
docker run "${A-ghcr.io/acme/web:1.10}" 'it''s' $(echo `x`) "a\
b" ${#X} $((1 + 2)) # done
