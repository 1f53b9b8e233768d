FROM golang AS golang
FROM a/b:1 AS Build
FROM scratch
COPY --from=BUILD / /
COPY --from=0 / /
COPY --chown=1:1 --from=alpine:3.20 /etc /etc
FROM build
