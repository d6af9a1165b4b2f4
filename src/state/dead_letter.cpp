#include "state/dead_letter.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "bson/extended_json.h"
#include "state/base64.h"
#include "state/json_text.h"

namespace ddsync::state {
namespace {

// Refused events are rare: the round trip is tried rather than reasoned about. Where it fails the text may
// not even be JSON (nested deeper than libbson goes), or say something else ({"$date": "today"}): it is left
// out.
void append_event(std::string& line, const OwnedDocument& event) {
  const std::string json = to_extended_json(event.view());
  if (!json.empty() && from_extended_json(json) == event) {
    line.append(",\"event\":");
    line.append(json);
    return;
  }
  line.append(",\"event_base64\":\"");
  line.append(to_base64(event.view()));
  line.push_back('"');
}

void append_line(std::string& out, const output::QuarantineRecord& record, std::string_view time_iso8601) {
  out.append("{\"time\":");
  append_json_string(out, time_iso8601);
  out.append(",\"namespace\":");
  append_json_string(out, record.ns.name());
  out.append(",\"stream\":");
  append_json_string(out, record.stream);
  fmt::format_to(std::back_inserter(out), ",\"error\":{{\"code\":{},\"name\":", record.error.code);
  append_json_string(out, record.error.code_name);
  out.append(",\"message\":");
  append_json_string(out, record.error.message);
  out.push_back('}');
  append_event(out, record.event);
  out.append("}\n");
}

}  // namespace

DeadLetterFile::DeadLetterFile(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

Result<void> DeadLetterFile::append(const std::vector<output::QuarantineRecord>& records,
                                    std::string_view time_iso8601) {
  std::string lines;
  if (!ends_with_newline_) {
    auto last = files_.last_byte(path_);
    if (!last) return tl::unexpected(last.error());
    if (last->value_or('\n') != '\n') lines.push_back('\n');
  }
  for (const auto& record : records) append_line(lines, record, time_iso8601);
  ends_with_newline_ = false;
  if (auto appended = files_.append_synced(path_, lines); !appended) return appended;
  ends_with_newline_ = true;
  if (folder_synced_) return {};
  auto synced = files_.sync_folder(folder_of(path_));
  folder_synced_ = synced.has_value();
  return synced;
}

}  // namespace ddsync::state
