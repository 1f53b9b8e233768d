: "${TEST_IMAGE:=python:3.13}"
docker compose up -d db
docker build -t own:1 .
docker run -p8080:80 --network=host httpd
nerdctl pull -q busybox:1.36 && echo ok:1
docker image rm old:1
