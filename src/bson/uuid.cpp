#include "bson/uuid.h"

#include <fmt/format.h>

namespace ddsync {

std::string uuid_text(const ValueView& value) {
  constexpr uint32_t kHead = 5;  // length and subtype
  if (value.type != BsonType::binary) return {};
  std::string text;
  for (uint32_t i = kHead; i < value.size; ++i) text += fmt::format("{:02x}", value.data[i]);
  return text;
}

}  // namespace ddsync
