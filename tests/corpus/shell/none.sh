IMAGE=web
docker ps
docker run $IMAGE
docker exec -it db psql
echo "docker run text:1"
kubectl run --image=nginx:1 x
VERSION=1:2
