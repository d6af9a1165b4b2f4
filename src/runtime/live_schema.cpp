#include "runtime/live_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bson/writer.h"
#include "mongo/schema_support.h"
#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr int kNotSupported = 115;
constexpr auto kChangeable = std::to_array<std::string_view>(
    {"validator", "validationLevel", "validationAction", "changeStreamPreAndPostImages"});
constexpr const char* kExpiry = "expireAfterSeconds";
constexpr const char* kHidden = "hidden";

using Indexes = std::vector<OwnedDocument>;

bool has_fields(const OwnedDocument& document) { return ElementCursor(document.view()).next(); }

OwnedDocument finished(BsonWriter writer) {
  const std::string bytes = writer.finish();
  return OwnedDocument(view_of(bytes));
}

// One change to be carried out.
class LiveChange {
 public:
  LiveChange(const SchemaChange& change, config::Unsupported unsupported, const BothSides& sides,
             mongo::Writer& writer, const NamespaceFilter& filter)
      : change_(change), unsupported_(unsupported), sides_(sides), writer_(writer), filter_(filter) {}

  std::optional<Error> create() {
    if (auto refusal = object_to(change_.arguments)) return refusal;
    change_.arguments = mongo::supported_options(change_.arguments, sides_.target_info);
    auto error = writer_.change_schema(change_, filter_);
    if (!error || error->code != mongo::kNamespaceExists) return tolerated(std::move(error));
    return change_present();
  }

  std::optional<Error> modify() {
    if (!has_fields(change_.arguments)) return align();
    if (auto refusal = object_to(change_.arguments)) return refusal;
    // Normalised, a validator that is taken away would be lost.
    if (sides_.target_info.is_documentdb)
      change_.arguments = mongo::supported_options(change_.arguments, sides_.target_info);
    return send(change_.arguments);
  }

  std::optional<Error> drop_indexes() { return tolerated(writer_.change_schema(change_, filter_)); }

 private:
  // Of what the target cannot have: a warning for each, or the refusal of all.
  std::optional<Error> object_to(const OwnedDocument& options) {
    PlannedCollection collection;
    collection.ns = change_.ns;
    collection.options = options;
    for (const mongo::UnsupportedOption& option :
         mongo::unsupported_options(collection, {}, sides_.target_info)) {
      const std::string line = describe(option);
      if (unsupported_ == config::Unsupported::stop)
        return make_error(ErrorContext::schema, kNotSupported, "",
                          line + " (schema.unsupported: warn goes on without)");
      observe::log_warning("not carried over: " + line);
    }
    return std::nullopt;
  }

  // Documents may come before the event: repairs, and writes that landed late. What can be changed is.
  std::optional<Error> change_present() {
    BsonWriter changes;
    bool all = true;
    ElementCursor option(change_.arguments.view());
    while (option.next()) {
      const bool can = std::find(kChangeable.begin(), kChangeable.end(), option.name()) != kChangeable.end();
      if (can) changes.value(option.name(), option.value());
      all = all && can;
    }
    const OwnedDocument fields = finished(std::move(changes));
    if (!all || !has_fields(fields)) warn_of_other_options(change_.ns);
    change_.kind = SchemaChangeKind::modify;
    return send(fields);
  }

  std::optional<Error> tolerated(std::optional<Error> error) {
    const bool for_good =
        error && (error->treatment == Treatment::permanent || error->treatment == Treatment::split);
    if (!for_good || unsupported_ == config::Unsupported::stop) return error;
    observe::log_warning(fmt::format("not carried over: {}: {}", describe(change_), describe(*error)));
    return std::nullopt;
  }

  std::optional<Error> send(OwnedDocument fields) {
    if (!has_fields(fields)) return std::nullopt;
    SchemaChange modify = change_;
    modify.arguments = std::move(fields);
    return tolerated(writer_.change_schema(modify, filter_));
  }

  // The event does not say what was changed (secantusd 0.5.3: of an index, of a view): as the source has it
  // now.
  std::optional<Error> align() {
    if (auto error = align_view()) return error;
    const auto here = sides_.source.indexes(change_.ns);
    if (!here) return here.error();
    const auto there = sides_.target.indexes(change_.ns);
    if (!there) return there.error();
    for (const OwnedDocument& index : *here)
      if (auto error = send(difference(index, *there))) return error;
    return std::nullopt;
  }

  // {index: {name, ...}} for an index that both have; nothing when it is the same.
  static OwnedDocument difference(const OwnedDocument& index, const Indexes& there) {
    const OwnedDocument* other = mongo::index_of_same_name(there, index);
    if (other == nullptr) return {};
    const OwnedDocument wanted = mongo::normalised_index(index);
    const OwnedDocument present = mongo::normalised_index(*other);
    const auto differ = [&](const char* option) {
      return !(find_value(wanted.view(), option) == find_value(present.view(), option));
    };
    const ValueView expiry = find_value(wanted.view(), kExpiry);
    const bool expires = !expiry.missing() && differ(kExpiry);
    const bool shows = differ(kHidden);
    BsonWriter changes;
    changes.value("name", find_value(index.view(), "name"));
    if (expires) changes.value(kExpiry, expiry);
    if (shows) changes.boolean(kHidden, !find_value(wanted.view(), kHidden).missing());
    return expires || shows ? finished(std::move(BsonWriter().document("index", changes.finish())))
                            : OwnedDocument();
  }

  std::optional<Error> align_view() {
    const auto here = sides_.source.collection(change_.ns);
    if (!here) return here.error();
    if (!*here || find_value((*here)->options.view(), "viewOn").missing()) return std::nullopt;
    BsonWriter view;
    for (const char* field : {"viewOn", "pipeline"}) {
      const ValueView value = find_value((*here)->options.view(), field);
      if (!value.missing()) view.value(field, value);
    }
    return send(finished(std::move(view)));
  }

  SchemaChange change_;
  config::Unsupported unsupported_;
  const BothSides& sides_;
  mongo::Writer& writer_;
  const NamespaceFilter& filter_;
};

}  // namespace

std::optional<Error> carry_out_live(const SchemaChange& change, config::Unsupported unsupported,
                                    const BothSides& sides, mongo::Writer& writer,
                                    const NamespaceFilter& filter) {
  LiveChange live(change, unsupported, sides, writer, filter);
  if (change.kind == SchemaChangeKind::create) return live.create();
  return change.kind == SchemaChangeKind::modify ? live.modify() : live.drop_indexes();
}

void warn_of_other_options(const Namespace& ns) {
  observe::log_warning(fmt::format(
      "{} is on the target already, with other options than at the source: they stay", ns.name()));
}

void warn_of_unsupported(const Namespace& ns, const std::vector<OwnedDocument>& indexes,
                         const mongo::ServerInfo& target) {
  PlannedCollection collection;
  collection.ns = ns;
  for (const mongo::UnsupportedOption& option : mongo::unsupported_options(collection, indexes, target))
    observe::log_warning("not carried over: " + describe(option));
}

}  // namespace ddsync::runtime
