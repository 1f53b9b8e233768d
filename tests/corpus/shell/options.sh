docker run -d --name=db --restart always -p 5432:5432 "postgres:16" -c x=y
docker run --gpus all nvidia/cuda:12.6.0-base-ubuntu24.04 nvidia-smi
docker  pull   'quay.io/acme/x:1'; docker tag quay.io/acme/x:1 x:2
sudo podman run --rm=true alpine
