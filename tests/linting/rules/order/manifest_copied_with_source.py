from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY app.py requirements.txt ./\nRUN pip install -r requirements.txt", 2, says='"app.py" is copied together'),
    on_base("COPY . .\nRUN npm install", 2, says="everything is copied together"),
    on_base("COPY src/ gradlew build.gradle ./\nRUN ./gradlew build", 2),
    on_base("COPY src/ pom.xml /build/\nRUN mvn package", 2),
    on_base("COPY app.rb Gemfile ./\nRUN gem install bundler && bundle install", 2, says="manifest or lock file for bundle install"),
    on_base("COPY go.mod main.go ./\nRUN go build", 2),
    on_base(
        "COPY functions/api/ .\nRUN pip install -r requirements.txt",
        2,
        files={"functions/api/app.py": "", "functions/api/requirements.txt": ""},
    ),
    on_base('COPY ["index.js", "package.json", "/var/task/"]\nRUN npm ci', 2),
    dockerfile(f"FROM {PYTHON} AS base\nCOPY . .\nFROM base\nRUN pip install -r requirements.txt", 2),
]
PASSES: list[Case] = [
    on_base("COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY app.py ./"),
    on_base("COPY package*.json .npmrc ./\nRUN npm ci\nCOPY . ."),
    on_base("COPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build"),
    on_base("RUN --mount=type=bind,source=requirements.txt,target=/r.txt pip install -r /r.txt\nCOPY . ."),
    on_base("COPY functions/invoice/ /build/\nRUN --mount=type=cache,target=/root/.nuget dotnet restore && dotnet publish"),
    on_base("COPY --from=public.ecr.aws/x/y:1 . .\nRUN pip install -r requirements.txt"),
    on_base("COPY requirements.txt .\nCOPY app.py .\nRUN pip install -r requirements.txt"),
    on_base("COPY . .\nRUN echo hi"),
]
