#include "config/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <memory>

namespace ddsync::config {

std::vector<std::string> pem_blocks(std::string_view text) {
  std::vector<std::string> names;
  const std::unique_ptr<BIO, decltype(&BIO_free)> input(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (input && PEM_read_bio(input.get(), &name, &header, &data, &size) == 1) {
    names.emplace_back(name);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(size));  // may be a key
  }
  ERR_clear_error();  // the end of the text is one, and the driver would report it as its own
  return names;
}

}  // namespace ddsync::config
