#include "config/tls_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/pem.h"
#include "config/plain_text.h"
#include "config/text_file.h"
#include "config/uri.h"
#include "config/uri_options.h"
#include "config/yaml_document.h"

namespace ddsync::config {
namespace {

constexpr size_t kFileBytesMax = 16U << 20;  // far above any bundle of authorities

struct FileOption {
  std::string_view name;  // lower case
  bool holds_key;
};
constexpr auto kFileOptions = std::to_array<FileOption>({{"tlscafile", false},
                                                         {"sslcertificateauthorityfile", false},
                                                         {"tlscertificatekeyfile", true},
                                                         {"sslclientcertificatekeyfile", true}});

bool has_block(const std::vector<std::string>& blocks, std::string_view kind) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const std::string& name) { return name.ends_with(kind); });
}

std::string content_fault(std::string_view content, bool holds_key) {
  const std::vector<std::string> blocks = pem_blocks(content);
  if (!has_block(blocks, "CERTIFICATE"))
    return "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); convert it or correct the path";
  if (holds_key && !has_block(blocks, "PRIVATE KEY"))
    return "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----); put it behind the certificate";
  return {};
}

std::string file_fault(const std::string& path, bool holds_key) {
  const auto content = read_text_file(path, kFileBytesMax);
  if (!content) return fmt::format("cannot be read: {}; mount it or correct the path", content.error());
  return content_fault(*content, holds_key);
}

}  // namespace

std::vector<std::string> tls_file_faults(std::string_view uri) {
  std::vector<std::string> faults;
  if (!is_encrypted(uri)) return faults;
  for (const UriOption& option : options_of(uri)) {
    const auto* known = std::find_if(kFileOptions.begin(), kFileOptions.end(),
                                     [&](const FileOption& one) { return one.name == lower(option.name); });
    if (known == kFileOptions.end()) continue;
    const std::string path = percent_decoded(option.value);
    if (const std::string fault = file_fault(path, known->holds_key); !fault.empty())
      faults.push_back(fmt::format("{}: the file {} {}", option.name, shown(path), fault));
  }
  return faults;
}

}  // namespace ddsync::config
