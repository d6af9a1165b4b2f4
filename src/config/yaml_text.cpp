#include "config/yaml_text.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

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
    return tl::unexpected(Problem{
        error.mark.line + 1, fmt::format("not valid YAML: {}; check indentation and quotes here and above",
                                         without_quotation(error.msg))});
  }
}

}  // namespace ddsync::config
