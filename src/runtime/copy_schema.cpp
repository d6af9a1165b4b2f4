#include "runtime/copy_schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bson/writer.h"
#include "mongo/schema_support.h"
#include "observe/log.h"
#include "runtime/live_schema.h"

namespace ddsync::runtime {
namespace {

bool is_true(ValueView value) { return value.type == BsonType::boolean && value.as_bool(); }

std::string name_of(const OwnedDocument& index) {
  const ValueView name = find_value(index.view(), "name");
  return name.type == BsonType::string ? std::string(name.as_string()) : std::string();
}

OwnedDocument index_arguments(const std::vector<OwnedDocument>& indexes) {
  BsonWriter list;
  for (size_t i = 0; i < indexes.size(); ++i) {
    const DocumentView index = indexes[i].view();
    list.value(std::to_string(i), {BsonType::document, index.data, index.size});
  }
  BsonWriter arguments;
  arguments.document("indexes", list.finish(), BsonType::array);
  const std::string bytes = arguments.finish();
  return OwnedDocument(view_of(bytes));
}

SchemaChange change_of(const SchemaChange& change, SchemaChangeKind kind) {
  SchemaChange one = change;
  one.kind = kind;
  return one;
}

// It is not on the target: an index would make a collection of it.
bool is_time_series(const mongo::ListedCollection& listed) {
  return !find_value(listed.options.view(), "timeseries").missing();
}

bool is_other(const mongo::ListedCollection& listed, const std::string& uuid) {
  return !uuid.empty() && !listed.uuid.empty() && listed.uuid != uuid;
}

IndexStep step_of(SchemaChangeKind kind) {
  if (kind == SchemaChangeKind::prepare_copy) return IndexStep::with_collection;
  return kind == SchemaChangeKind::build_indexes ? IndexStep::after_copy : IndexStep::late;
}

}  // namespace

IndexStep step_of(const OwnedDocument& index, config::Indexes indexes) {
  if (indexes == config::Indexes::off) return IndexStep::never;
  if (!find_value(index.view(), "expireAfterSeconds").missing()) return IndexStep::late;
  if (indexes == config::Indexes::before_copy) return IndexStep::with_collection;
  return is_true(find_value(index.view(), "unique")) ? IndexStep::late : IndexStep::after_copy;
}

CopySchema::CopySchema(Servers& servers, CopyRules rules)
    : source_(servers.source->reader()),
      target_(servers.target->reader()),
      target_facts_(servers),
      rules_(rules) {}

std::optional<Error> CopySchema::carry_out(const SchemaChange& change, mongo::Writer& writer,
                                           const NamespaceFilter& filter) {
  const bool live = change.kind == SchemaChangeKind::create || change.kind == SchemaChangeKind::modify ||
                    change.kind == SchemaChangeKind::drop_indexes;
  if (live) {
    const auto facts = target_facts_.get();
    if (!facts) return facts.error();
    return carry_out_live(change, rules_.unsupported, {*source_, *target_, **facts}, writer, filter);
  }
  if (change.kind != SchemaChangeKind::prepare_copy) return build(change, writer, filter);
  if (auto error = prepare(change, writer, filter)) return error;
  return build(change, writer, filter);
}

std::optional<Error> CopySchema::prepare(const SchemaChange& change, mongo::Writer& writer,
                                         const NamespaceFilter& filter) {
  if (change.replace || rules_.target_not_empty == config::TargetNotEmpty::drop) {
    if (auto error = writer.change_schema(change_of(change, SchemaChangeKind::drop), filter)) return error;
  }
  return make_collection(change, writer, filter);
}

std::optional<Error> CopySchema::make_collection(const SchemaChange& change, mongo::Writer& writer,
                                                 const NamespaceFilter& filter) {
  const auto listed = source_->collection(change.ns);
  if (!listed) return listed.error();
  // Gone since it was listed?
  return *listed ? make(change, **listed, writer, filter) : std::nullopt;
}

std::optional<Error> CopySchema::make(const SchemaChange& change, const mongo::ListedCollection& listed,
                                      mongo::Writer& writer, const NamespaceFilter& filter) {
  const auto facts = target_facts_.get();
  if (!facts) return facts.error();
  SchemaChange create = change_of(change, SchemaChangeKind::create);
  create.arguments = mongo::supported_options(listed.options, **facts);
  auto error = writer.change_schema(create, filter);
  if (!error || error->code != mongo::kNamespaceExists) return error;
  warn_of_other_options(change.ns);
  return std::nullopt;
}

std::optional<Error> CopySchema::build(const SchemaChange& change, mongo::Writer& writer,
                                       const NamespaceFilter& filter) {
  const IndexStep step = step_of(change.kind);
  if (rules_.indexes == config::Indexes::off) return std::nullopt;
  if (step == IndexStep::with_collection && rules_.indexes != config::Indexes::before_copy)
    return std::nullopt;
  const auto listed = source_->indexes(change.ns);
  if (!listed) return listed.error();
  if (listed->empty() && change.uuid.empty()) return std::nullopt;  // spares a listing for each collection
  const auto here = source_->collection(change.ns);
  if (!here) return here.error();
  if (!*here) return std::nullopt;  // what became of it the stream will tell
  if (is_time_series(**here)) return std::nullopt;
  if (step == IndexStep::late && is_other(**here, change.uuid)) {
    other_uuid_ = (*here)->uuid;
    return std::nullopt;
  }
  return build(change, step, {**here, *listed}, writer, filter);
}

std::optional<Error> CopySchema::build(const SchemaChange& change, IndexStep step, const OfSource& source,
                                       mongo::Writer& writer, const NamespaceFilter& filter) {
  const auto facts = target_facts_.get();
  if (!facts) return facts.error();
  const std::vector<OwnedDocument> all = mongo::supported_indexes(source.indexes, **facts);
  std::vector<OwnedDocument> now;
  if (step == IndexStep::late) {  // the last step: what came meanwhile, too
    warn_of_unsupported(change.ns, source.indexes, **facts);
    auto wanted = not_of_other_make(change.ns, all);
    if (!wanted) return wanted.error();
    now = *std::move(wanted);
  } else {
    std::copy_if(all.begin(), all.end(), std::back_inserter(now),
                 [&](const OwnedDocument& index) { return step_of(index, rules_.indexes) == step; });
  }
  if (!now.empty()) {
    if (auto error = make_missing(change, source.collection, writer, filter)) return error;
    if (step != IndexStep::late) say_building(change.ns, now.size());
    if (auto error = create_indexes(change, now, writer, filter)) return error;
    said_.clear();
  }
  if (step == IndexStep::late && !all.empty()) compare_indexes(change.ns, all);
  return std::nullopt;
}

// In one command; when the target refuses that, one by one, so that one bad index does not keep the others
// away.
std::optional<Error> CopySchema::create_indexes(const SchemaChange& change,
                                                const std::vector<OwnedDocument>& indexes,
                                                mongo::Writer& writer, const NamespaceFilter& filter) {
  SchemaChange create = change_of(change, SchemaChangeKind::create_indexes);
  create.arguments = index_arguments(indexes);
  std::optional<Error> error = writer.change_schema(create, filter);
  if (!error || error->outcome_unknown || error->treatment == Treatment::fatal || indexes.size() == 1)
    return error;
  error.reset();
  for (const OwnedDocument& index : indexes) {
    create.arguments = index_arguments({index});
    auto of_this = writer.change_schema(create, filter);
    if (of_this && !error) error = std::move(of_this);
  }
  return error;
}

// An index would make the collection that it is to be of, without its options.
std::optional<Error> CopySchema::make_missing(const SchemaChange& change,
                                              const mongo::ListedCollection& listed, mongo::Writer& writer,
                                              const NamespaceFilter& filter) {
  const auto there = target_->collection(change.ns);
  if (!there) return there.error();
  return *there ? std::nullopt : make(change, listed, writer, filter);
}

// One of the same name that is another one is left as it is: that it was dropped is told of still. One that
// is there is asked for again: it may be listed while it is being built, and then the command waits for it
// and says how that ends. As the target lists it: with the source's version of a 2dsphere or text index the
// target would refuse.
mongo::Result<std::vector<OwnedDocument>> CopySchema::not_of_other_make(
    const Namespace& ns, const std::vector<OwnedDocument>& all) {
  if (all.empty()) return all;
  const auto there = target_->indexes(ns);
  if (!there) return tl::unexpected(there.error());
  std::vector<OwnedDocument> wanted;
  size_t is_new = 0;
  for (const OwnedDocument& index : all) {
    const OwnedDocument* other = mongo::index_of_same_name(*there, index);
    if (other == nullptr) {
      ++is_new;
      wanted.push_back(index);
    } else if (mongo::normalised_index(*other) == mongo::normalised_index(index)) {
      wanted.push_back(*other);
    }
  }
  if (is_new > 0) say_building(ns, is_new);
  return wanted;
}

void CopySchema::say_building(const Namespace& ns, size_t indexes) {
  std::string line = fmt::format("{}: building {} indexes", ns.name(), indexes);
  if (line == said_) return;
  observe::log_info(line);
  said_ = std::move(line);
}

// After the last step: what the operator should know before a cutover.
void CopySchema::compare_indexes(const Namespace& ns, const std::vector<OwnedDocument>& wanted) {
  const auto listed = target_->indexes(ns);
  if (!listed) return;  // only to be told: the indexes themselves were made
  std::vector<std::string> different;
  for (const OwnedDocument& index : wanted) {
    const OwnedDocument normal = mongo::normalised_index(index);
    const bool same = std::any_of(listed->begin(), listed->end(), [&](const OwnedDocument& other) {
      return mongo::normalised_index(other) == normal;
    });
    if (!same) different.push_back(name_of(index));
  }
  if (different.empty()) {
    observe::log_info(fmt::format("{}: {} indexes, as at the source", ns.name(), wanted.size()));
  } else {
    observe::log_warning(
        fmt::format("{}: these indexes of the source are missing or different on the target: {}", ns.name(),
                    fmt::join(different, ", ")));
  }
}

}  // namespace ddsync::runtime
