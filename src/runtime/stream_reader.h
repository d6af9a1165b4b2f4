// Carries out the engine's orders for one stream: opens, reads and closes its cursor, answers into the inbox.
#pragma once

#include <memory>
#include <variant>

#include "engine/output.h"
#include "mongo/change_stream.h"
#include "runtime/inbox.h"

namespace ddsync::runtime {

using StreamOrder = std::variant<output::OpenStream, output::ReadStream, output::CloseStream>;

class StreamReader {
 public:
  // `inbox` must outlive the reader.
  StreamReader(StreamId stream, std::unique_ptr<mongo::ChangeStream> source, Inbox& inbox);

  void carry_out(const StreamOrder& order);

 private:
  void carry_out(const output::OpenStream& order);
  void carry_out(const output::ReadStream& order);
  void carry_out(const output::CloseStream& order);

  StreamId stream_;
  std::unique_ptr<mongo::ChangeStream> source_;
  Inbox& inbox_;
};

}  // namespace ddsync::runtime
