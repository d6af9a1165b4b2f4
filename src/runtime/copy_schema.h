// Makes what the initial copy needs on the target, as the source has it at that moment: collections with
// their options, indexes; and carries over what changes of them later. Every step may be repeated.
// Thread-safety: one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "engine/schema_change.h"
#include "mongo/reader.h"
#include "mongo/writer.h"
#include "runtime/servers.h"
#include "runtime/target_facts.h"

namespace ddsync::runtime {

// What the configuration says about it.
struct CopyRules {
  config::TargetNotEmpty target_not_empty = config::TargetNotEmpty::refuse;
  config::Unsupported unsupported = config::Unsupported::stop;
  config::Indexes indexes = config::Indexes::after_copy;
};

// In which step an index is built. Unique ones wait until the changes made during the copy are applied
// (values may move between documents meanwhile), TTL ones too (they would delete what is only just copied).
enum class IndexStep : uint8_t { with_collection, after_copy, late, never };

class CopySchema {
 public:
  // `servers` must outlive it.
  CopySchema(Servers& servers, CopyRules rules);

  // Carries out prepare_copy, build_indexes, build_late_indexes, create, modify or drop_indexes through
  // `writer`.
  std::optional<Error> carry_out(const SchemaChange& change, mongo::Writer& writer,
                                 const NamespaceFilter& filter);
  // Of the last change; see input::SchemaChanged.
  std::string take_other_uuid() { return std::exchange(other_uuid_, {}); }

 private:
  std::optional<Error> prepare(const SchemaChange& change, mongo::Writer& writer,
                               const NamespaceFilter& filter);
  std::optional<Error> make_collection(const SchemaChange& change, mongo::Writer& writer,
                                       const NamespaceFilter& filter);
  std::optional<Error> make(const SchemaChange& change, const mongo::ListedCollection& listed,
                            mongo::Writer& writer, const NamespaceFilter& filter);
  std::optional<Error> make_missing(const SchemaChange& change, const mongo::ListedCollection& listed,
                                    mongo::Writer& writer, const NamespaceFilter& filter);
  // The source's collection and its indexes.
  struct OfSource {
    const mongo::ListedCollection& collection;
    const std::vector<OwnedDocument>& indexes;
  };
  std::optional<Error> build(const SchemaChange& change, mongo::Writer& writer,
                             const NamespaceFilter& filter);
  std::optional<Error> build(const SchemaChange& change, IndexStep step, const OfSource& source,
                             mongo::Writer& writer, const NamespaceFilter& filter);
  std::optional<Error> create_indexes(const SchemaChange& change, const std::vector<OwnedDocument>& indexes,
                                      mongo::Writer& writer, const NamespaceFilter& filter);
  // Of `all` those that the target does not have in another form under the same name.
  mongo::Result<std::vector<OwnedDocument>> not_of_other_make(const Namespace& ns,
                                                              const std::vector<OwnedDocument>& all);
  void say_building(const Namespace& ns, size_t indexes);
  void compare_indexes(const Namespace& ns, const std::vector<OwnedDocument>& wanted);

  std::unique_ptr<mongo::Reader> source_;
  std::unique_ptr<mongo::Reader> target_;
  TargetFacts target_facts_;
  CopyRules rules_;
  std::string other_uuid_;
  std::string said_;  // of a build that has not ended well: it is tried again every few seconds
};

IndexStep step_of(const OwnedDocument& index, config::Indexes indexes);

}  // namespace ddsync::runtime
