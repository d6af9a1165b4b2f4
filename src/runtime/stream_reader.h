// Carries out the engine's orders for one stream: opens, reads and closes its cursor, answers into the inbox.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "engine/output.h"
#include "mongo/change_stream.h"
#include "runtime/inbox.h"
#include "state/spool.h"

namespace ddsync::runtime {

using StreamOrder = std::variant<output::OpenStream, output::ReadStream, output::CloseStream>;

class StreamReader {
 public:
  // `inbox` and `spool` (none = no batch goes there) must outlive the reader.
  StreamReader(StreamId stream, std::unique_ptr<mongo::ChangeStream> source, std::string scope,
               state::Spool* spool, Inbox& inbox);

  void carry_out(const StreamOrder& order);

 private:
  void carry_out(const output::OpenStream& order);
  void carry_out(const output::ReadStream& order);
  void carry_out(const output::CloseStream& order);
  void keep(const output::ReadStream& order, RawBatch&& batch);
  void fail(Error error);

  StreamId stream_;
  std::unique_ptr<mongo::ChangeStream> source_;
  std::string scope_;
  state::Spool* spool_;
  StreamPosition opened_;
  Inbox& inbox_;
};

}  // namespace ddsync::runtime
