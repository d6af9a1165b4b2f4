// What a start has to copy of a stream: the engine acts on it, and `check` foretells it. Pure.
#pragma once

#include <cstdint>

#include "engine/copy_checkpoint.h"
#include "engine/options.h"

namespace ddsync {

enum class CopyAtStart : uint8_t {
  nothing,  // it goes on where it is
  all,      // also what was copied before
  added,    // what it is told to watch and does not cover, if there is any, and unless copies are off
};

// Of a stream without a gap. `has_start`: it goes on from a position or from its spool. `is_covering`: the
// state tells what it covers.
CopyAtStart copy_at_start(CopyMode mode, StreamCopy copy, bool has_start, bool is_covering);

// Its documents are being copied, or what came meanwhile is being applied.
inline bool is_under_way(StreamCopy copy) {
  return copy == StreamCopy::copying || copy == StreamCopy::catching_up;
}

}  // namespace ddsync
