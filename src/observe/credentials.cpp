#include "observe/credentials.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "config/config.h"
#include "config/plain_text.h"

namespace ddsync::observe {
namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr std::string_view kBlanks = " \t\r\n";
// Of the sentence that a connection string stands in. A password may hold them too, but not at the end of
// all.
constexpr std::string_view kPunctuation = "\"'`.,:;)>}|";
constexpr std::string_view kValueEnd = " \t\r\n&,;\"'";
constexpr std::string_view kMask = "***";
// Narrower than those of a connection string's options: a sentence may well speak of a resume token.
constexpr auto kSecretWords =
    std::to_array<std::string_view>({"password", "passphrase", "secret", "authmechanismproperties"});

bool is_scheme_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-';
}

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the characters of one kind begin that stand before `end`.
template <typename Predicate>
size_t run_start(std::string_view text, size_t end, Predicate is_part) {
  while (end > 0 && is_part(text[end - 1])) --end;
  return end;
}

struct Found {
  size_t start = std::string_view::npos;
  size_t end = std::string_view::npos;
};

// The next thing that looks like a connection string, of whatever scheme. It ends at a blank: what else could
// end it may stand in a password.
Found next_uri(std::string_view text) {
  const size_t scheme_end = text.find(kSchemeEnd);
  if (scheme_end == std::string_view::npos) return {};
  const size_t start = run_start(text, scheme_end, is_scheme_character);
  size_t end = std::min(text.find_first_of(kBlanks, scheme_end), text.size());
  while (end > scheme_end + kSchemeEnd.size() && kPunctuation.find(text[end - 1]) != std::string_view::npos)
    --end;
  return {start, end};
}

bool is_secret(std::string_view name) {
  const std::string text = config::lower(name);
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

// Where a value ends; one in quotes ends with them.
size_t value_end(std::string_view text) {
  if (!text.starts_with('"') && !text.starts_with('\''))
    return std::min(text.find_first_of(kValueEnd), text.size());
  const size_t closing = text.find(text.front(), 1);
  return closing == std::string_view::npos ? text.size() : closing + 1;
}

// Options that stand alone: "...the option tlsCertificateKeyFilePassword=secret is...".
std::string without_secret_values(std::string_view text) {
  std::string masked;
  for (size_t equals = text.find('='); equals != std::string_view::npos; equals = text.find('=')) {
    const size_t start = run_start(text, equals, is_name_character);
    const bool secret = is_secret(text.substr(start, equals - start));
    masked += text.substr(0, equals + 1);
    text.remove_prefix(equals + 1);
    if (!secret) continue;
    masked += kMask;
    text.remove_prefix(value_end(text));
  }
  return masked.append(text);
}

}  // namespace

std::string mask_credentials(std::string_view text) {
  std::string masked;
  for (Found uri = next_uri(text); uri.start != std::string_view::npos; uri = next_uri(text)) {
    masked += without_secret_values(text.substr(0, uri.start));
    masked += config::masked_uri(text.substr(uri.start, uri.end - uri.start));
    text.remove_prefix(uri.end);
  }
  return masked.append(without_secret_values(text));
}

}  // namespace ddsync::observe
