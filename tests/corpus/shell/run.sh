#!/bin/bash
# docker run commented:1
set -e
IMAGE=${IMAGE:-ghcr.io/acme/web:1}
NAME=web
docker pull alpine:3.20
docker run --rm -it -v "$PWD:/src" --name x -e A=b postgres:16 psql -h host:1
docker run "$IMAGE" echo image:1
podman run --rm -d \
  --publish 80:80 \
  nginx:1.27
echo docker.io/x:1
