from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base(
        "COPY app.py .\nCOPY requirements.txt .\nRUN pip install -r requirements.txt",
        2,
        says='"app.py" is copied before pip install on line 4',
    ),
    on_base("COPY requirements.txt .\nCOPY . .\nRUN pip install -r requirements.txt", 3),
    on_base("COPY src/ src/\nRUN dnf install -y jq", 2),
    on_base("COPY shop/ shop/\nRUN dnf install -y jq", 2, files={"shop/__init__.py": ""}),
    on_base("COPY src/ src/\nCOPY pom.xml ./\nRUN mvn package", 2, says="fetches the dependencies too"),
    on_base("COPY go.mod go.sum ./\nCOPY main.go .\nRUN go build", 3),
    on_base("COPY . .\nRUN pip install awslambdaric", 2),
    on_base("COPY package.json index.mjs ./\nRUN dnf install -y jq", 2),
    on_base("COPY src/ src/\nCOPY package.json package-lock.json ./\nRUN npm ci && npm run build", 2),
]
PASSES: list[Case] = [
    on_base("COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nRUN python -m compileall ."),
    on_base("COPY certificates/ca.pem /etc/pki/\nRUN dnf install -y jq"),
    on_base("COPY model/ /opt/ml/\nRUN pip install x", files={"model/a.onnx": ""}),
    on_base("COPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build"),
    on_base("COPY app.py requirements.txt ./\nRUN pip install -r requirements.txt"),
    on_base("COPY <<EOF /app.py\nx\nEOF\nRUN dnf install -y jq"),
]
