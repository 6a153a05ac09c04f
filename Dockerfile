# Shopkeeper on one machine of several: see docs/scaling.md. `make run` needs none of this.
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /shopkeeper
COPY requirements.txt requirements*.lock Makefile ./
# PyTorch's build without graphics cards: it only embeds texts here.
RUN PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make install
COPY . .

# The home holds what is this machine's own: sockets, logs, locks. Nothing in it must be kept.
ENV SHOPKEEPER_HOME=/home/shopkeeper/data \
    SHOPKEEPER_CACHE=/home/shopkeeper/cache \
    PATH=/shopkeeper/.venv/bin:$PATH
RUN useradd --create-home shopkeeper && install -d -o shopkeeper /home/shopkeeper/data
USER shopkeeper
EXPOSE 8501
# Ctrl-C's signal, so that calls under way are given back.
STOPSIGNAL SIGINT
CMD ["python", "-m", "core.services", "run"]
