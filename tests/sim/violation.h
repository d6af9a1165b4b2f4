// Thrown when something that must hold does not: ends the seed's run.
#pragma once

#include <stdexcept>
#include <string>

namespace ddsync::sim {

class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw Violation(otherwise);
}

}  // namespace ddsync::sim
