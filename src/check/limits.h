// Documents, keys and numbers of collections that are more than the target takes.
#pragma once

#include <string>
#include <vector>

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// Looks at some documents of the largest collections, never at all of a large one; bounded in time.
Findings check_limits(Context& context);

struct Largest {
  uint64_t bytes = 0;
  std::string of;  // "shop.orders"
};

// What was looked at, and the largest that was met.
struct SizesSeen {
  size_t collections = 0;  // looked at
  size_t collections_all = 0;
  uint64_t documents = 0;
  Largest document;
  Largest id;
  std::vector<std::string> long_keys;  // of unique indexes: "shop.orders, index sku_1: 3.1 KiB"
  std::string failure;                 // the first collection that could not be looked at, and why
};

// The rest is pure.
Findings judge_sizes(const SizesSeen& seen, const mongo::ServerInfo& source, const mongo::ServerInfo& target);

// More values of keys than an index of DocumentDB takes, unless they compress well.
bool is_long_key(uint64_t bytes);

// No row where it is not too many. `collections`: that the target will hold.
Findings judge_collection_count(size_t collections);

}  // namespace ddsync::check
