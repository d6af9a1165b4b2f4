// What the initial copy of a run would begin with, and whether one is under way. Pure.
#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "engine/checkpoint.h"

namespace ddsync::check {

struct CopyBegun {
  WatchScope stream;
  NamespaceFilter collections;  // of the stream those that would be listed and copied
};

struct CopyExtent {
  std::vector<CopyBegun> begun;
  std::vector<CopyBegun> left_out;  // was added under a stream that has a position, and is only followed
  std::vector<CopyBegun> going_on;  // of streams with one that was interrupted

  bool copies(const Namespace& ns) const;
  bool leaves_out(const Namespace& ns) const;
  bool goes_on_with(const Namespace& ns) const;
  bool only_follows(const Namespace& ns) const;  // none of these
};

// As the engine decides at a start. Nothing for a watch list that contradicts the state.
std::optional<CopyExtent> copy_extent(const config::Config& config,
                                      const std::optional<Checkpoint>& checkpoint);

}  // namespace ddsync::check
