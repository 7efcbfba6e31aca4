"""The function without a container: python -m unittest discover tests"""

import sys
import unittest
from pathlib import Path

# Lambda has the directory of the code on its path too.
sys.path.insert(0, str(Path(__file__).parents[1] / "functions" / "hello"))

import app


class HelloTest(unittest.TestCase):
    def test_greets_whom_the_event_names(self) -> None:
        self.assertEqual(app.handler({"name": "Ada"}, None), {"message": "Hello, Ada"})

    def test_greets_the_world_where_the_event_names_nobody(self) -> None:
        self.assertEqual(app.handler({}, None), {"message": "Hello, world"})


if __name__ == "__main__":
    unittest.main()
