from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY model.onnx /tmp/", 2, says='"model.onnx" is copied to "/tmp"'),
    on_base("WORKDIR /tmp/models\nCOPY a.bin .", 3, says='"/tmp/models"'),
    on_base("ADD https://example.com/m.tar /tmp/m/", 2),
    on_base("RUN curl -fsSL https://example.com/m -o /tmp/m.bin", 2, says='curl writes to "/tmp/m.bin"'),
    on_base("RUN pip install --target=/tmp/packages x==1", 2),
    on_base("RUN git clone https://example.com/x.git /tmp/x && cd /opt", 2),
    on_base("COPY a.zip /tmp/a.zip\nRUN unzip /tmp/a.zip -d /tmp/a", 3, says='unzip writes to "/tmp/a"'),
    dockerfile(f"FROM {PYTHON} AS one\nCOPY a /tmp/a\nFROM one\nCOPY b /tmp/b\nRUN cat /tmp/b", 2),
]
PASSES: list[Case] = [
    on_base("COPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt"),
    on_base("RUN curl -o /tmp/a.zip https://example.com/a.zip && unzip /tmp/a.zip -d /opt/a"),
    on_base("RUN curl -o /tmp/a.zip https://example.com/a.zip\nRUN rm -rf /tmp/*"),
    on_base("COPY a /tmp/a\nRUN rm -rf /tmp"),
    on_base("COPY scripts /tmp/scripts\nRUN /tmp/scripts/install.sh"),
    on_base("COPY setup.sh /tmp/\nRUN sh /tmp/setup.sh"),
    on_base("COPY a /opt/tmp/\nENV HF_HOME=/tmp/hf"),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY a /tmp/a\nFROM {PYTHON}\nCOPY --from=build /tmp/a ./"),
]
