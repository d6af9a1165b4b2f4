"""The include rules hold in src/, and the check sees what breaks them."""

import pathlib
import tempfile
import unittest

from check_includes import check_tree

SRC = pathlib.Path(__file__).parent.parent / "src"


def problems_of(name, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return check_tree(pathlib.Path(folder))


class IncludeRules(unittest.TestCase):
    def test_hold_in_the_sources(self):
        self.assertEqual(check_tree(SRC), [])

    def test_allow_the_way_down(self):
        self.assertEqual(problems_of("engine/a.cpp", '#include "bson/view.h"\n#include <vector>\n'), [])
        self.assertEqual(problems_of("mongo/a.cpp", "#include <mongoc/mongoc.h>\n"), [])

    def test_refuse_the_way_up_and_aside(self):
        self.assertEqual(len(problems_of("engine/a.cpp", '#include "mongo/writer.h"\n')), 1)
        self.assertEqual(len(problems_of("state/a.cpp", '#include "mongo/writer.h"\n')), 1)
        self.assertEqual(len(problems_of("main.cpp", '#include "engine/engine.h"\n')), 1)

    def test_refuse_what_makes_the_engine_impure(self):
        for header in ("thread", "chrono", "random", "mutex", "sys/socket.h", "mongoc.h", "mongoc/mongoc.h"):
            self.assertEqual(len(problems_of("engine/a.h", f"#  include <{header}>\n")), 1, header)

    def test_keep_each_library_in_its_folder(self):
        self.assertEqual(problems_of("observe/a.cpp", "#include <nlohmann/json.hpp>\n"), [])
        self.assertEqual(problems_of("state/a.cpp", "#include <rocksdb/db.h>\n"), [])
        self.assertEqual(len(problems_of("runtime/a.cpp", "#include <rocksdb/db.h>\n")), 1)
        self.assertEqual(len(problems_of("config/a.cpp", "#include <nlohmann/json.hpp>\n")), 1)
        self.assertEqual(len(problems_of("runtime/a.cpp", "#include <yaml-cpp/yaml.h>\n")), 1)

    def test_refuse_a_folder_without_a_rule(self):
        self.assertEqual(len(problems_of("util/a.cpp", "")), 1)


if __name__ == "__main__":
    unittest.main()
