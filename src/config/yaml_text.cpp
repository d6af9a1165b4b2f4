#include "config/yaml_text.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "config/plain_text.h"

namespace ddsync::config {
namespace {

// yaml-cpp would take some of these for the end of the file, and replace others in silence.
std::optional<Problem> bad_character(std::string_view text) {
  int line = 1;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) return Problem{line, "not UTF-8 text; save the file as UTF-8"};
    const char c = text[at];
    if ((c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 127)
      return Problem{line, "holds a control character; remove it"};
    if (c == '\n') ++line;
    at += length;
  }
  return std::nullopt;
}

// Where each document begins; all else that the parser tells is passed over.
class DocumentStarts : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last_line = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}

  int last_line = 0;
};

// Of what yaml-cpp would read as a second document: also text behind a closing bracket. Not its LoadAll: that
// one never ends when the text begins with a comma.
std::optional<int> line_of_second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts documents;
  if (!parser.HandleNextDocument(documents) || !parser.HandleNextDocument(documents)) return std::nullopt;
  return documents.last_line;
}

// `number` counts from 0; empty past the end.
std::string_view line_at(std::string_view text, int number) {
  for (; number > 0 && !text.empty(); --number)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

std::string_view last_line(std::string_view text) { return text.substr(text.rfind('\n') + 1); }

// But blanks or a comment.
bool holds_nothing(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r");
  return first == std::string_view::npos || line[first] == '#';
}

bool is_indented_by_tab(std::string_view line) {
  return line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

std::string_view without_quotation(std::string_view message) { return message.substr(0, message.find(": ")); }

}  // namespace

tl::expected<YAML::Node, Problem> parse_yaml(const std::string& text) {
  if (const std::optional<Problem> bad = bad_character(text)) return tl::unexpected(*bad);
  try {
    if (const std::optional<int> line = line_of_second_document(text)) {
      return tl::unexpected(Problem{
          *line,
          "does not belong to the settings above; remove it, or the line '---' that begins a document"});
    }
    return YAML::Load(text);
  } catch (const YAML::Exception& error) {
    if (is_indented_by_tab(line_at(text, error.mark.line)))
      return tl::unexpected(Problem{error.mark.line + 1, "is indented with a tab; YAML takes blanks only"});
    return tl::unexpected(Problem{
        error.mark.line + 1, fmt::format("not valid YAML: {}; check indentation and quotes here and above",
                                         without_quotation(error.msg))});
  }
}

int line_of_value(std::string_view text, const YAML::Node& value) {
  const YAML::Mark mark = value.Mark();
  if (!value.IsNull() || mark.is_null()) return mark.line + 1;
  std::string_view before = text.substr(0, static_cast<size_t>(mark.pos));
  while (holds_nothing(last_line(before)) && before.find('\n') != std::string_view::npos)
    before = before.substr(0, before.rfind('\n'));
  return static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
}

}  // namespace ddsync::config
