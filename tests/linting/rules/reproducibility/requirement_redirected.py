from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("RUN pip install flask>=3.1", 2, says='pip sees "flask" without a version: flask>=3.1'),
    on_base("RUN pip install a==1 \\\n  b>2 \\\n  c<3,>=2 && echo done", 3, 4),
    on_base("RUN python -m pip install --no-cache-dir numpy<2", 2, says="reads a file"),
    on_base("RUN uv pip install --system x>=1", 2),
    on_base("RUN <<E\npip install x>=1\nE", 3),
    on_base("RUN npm install left-pad@>=1", 2),
]
PASSES: list[Case] = [
    on_base("RUN pip install \"flask>=3.1\" 'b<2' c==1 d~=1.0 e!=2"),
    on_base("RUN pip install flask > log 2>&1"),
    on_base("RUN pip install flask>log.txt"),
    on_base('RUN ["pip", "install", "flask>=3.1"]'),
    on_base("RUN pip install flask\\>=3.1"),
    on_base("RUN echo x>=1"),
]
