// One document with a field of every BSON type and with odd values of each.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "bson/extended_json.h"

namespace ddsync::test {

inline constexpr std::string_view kEveryType = R"({
  "double": {"$numberDouble": "-1.5"},
  "negative zero": {"$numberDouble": "-0.0"},
  "smallest double": {"$numberDouble": "4.9406564584124654e-324"},
  "nan": {"$numberDouble": "NaN"},
  "infinity": {"$numberDouble": "-Infinity"},
  "string": "text \u0000 \" \\ \n é 日本 😀",
  "": "no name",
  "$dollar": "in a name",
  "dot.ted": "name",
  "document": {"z": {"$numberInt": "1"}, "a": {"$numberInt": "2"}},
  "empty document": {},
  "array": [{"$numberInt": "1"}, ["nested"], {}],
  "empty array": [],
  "binary": {"$binary": {"base64": "AAEC/w==", "subType": "00"}},
  "empty binary": {"$binary": {"base64": "", "subType": "80"}},
  "uuid": {"$binary": {"base64": "c//SZESzTGmQ6OfR38A11A==", "subType": "04"}},
  "old binary": {"$binary": {"base64": "AQID", "subType": "02"}},
  "undefined": {"$undefined": true},
  "object id": {"$oid": "57e193d7a9cc81b4027498b1"},
  "true": true,
  "false": false,
  "date": {"$date": {"$numberLong": "1500000000000"}},
  "old date": {"$date": {"$numberLong": "-9223372036854775808"}},
  "null": null,
  "regex": {"$regularExpression": {"pattern": "^a/b\"", "options": "im"}},
  "db pointer": {"$dbPointer": {"$ref": "db.coll", "$id": {"$oid": "57e193d7a9cc81b4027498b1"}}},
  "code": {"$code": "function() { return \"a\"; }"},
  "symbol": {"$symbol": "symbol"},
  "code with scope": {"$code": "x", "$scope": {"x": {"$numberInt": "1"}}},
  "int32": {"$numberInt": "-2147483648"},
  "timestamp": {"$timestamp": {"t": 4294967295, "i": 4294967295}},
  "int64": {"$numberLong": "-9223372036854775808"},
  "decimal": {"$numberDecimal": "-1.2345678901234567890123456789012340E-6100"},
  "decimal nan": {"$numberDecimal": "NaN"},
  "decimal infinity": {"$numberDecimal": "-Infinity"},
  "min key": {"$minKey": 1},
  "max key": {"$maxKey": 1}
})";

inline OwnedDocument document_of_every_type() {
  const auto document = from_extended_json(kEveryType);
  EXPECT_TRUE(document);
  return document.value_or(OwnedDocument());
}

}  // namespace ddsync::test
