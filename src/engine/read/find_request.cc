// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "engine/read/find_request.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "engine/qe/encryption_information.h"
#include "engine/qe/rewrite.h"
#include "engine/rules/command_reader.h"
#include "quern/base/error.h"
#include "query/pipeline/sorted_stream.h"

namespace quern::engine {
namespace {

void set_filter(Operation& operation, FindRequest& request, bson::View command, bson::View filter) {
  request.filter = filter;
  if (auto information = qe::EncryptionInformation::parse(command)) {
    request.rewritten = qe::rewrite_filter(
        operation, request.ns,
        information->fields(request.ns, qe::stored_fields(operation, request.ns)), filter);
    request.filter = request.rewritten;
  }
}

void set_common(Operation& operation, FindRequest& request, const CommandReader& arguments) {
  arguments.refuse_collation();
  request.ns = operation.ns(arguments.collection());
  request.context.now = operation.now();
  request.let = arguments.variables(operation.now());
  request.let.enter(request.context);
  const bson::Element hint = arguments["hint"];
  if (!(hint.is_document() && hint.as_document().empty())) request.hint = hint;
}

void refuse_member(const CommandReader& arguments, std::string_view member) {
  if (arguments[member].truthy()) {
    throw NotSupported("find with \"" + std::string(member) + "\" is not supported");
  }
}

}  // namespace

std::unique_ptr<FindRequest> FindRequest::of_find(Operation& operation, bson::View command) {
  const CommandReader arguments(command, "find",
                                {"filter",
                                 "projection",
                                 "sort",
                                 "skip",
                                 "limit",
                                 "batchSize",
                                 "singleBatch",
                                 "hint",
                                 "let",
                                 "collation",
                                 "allowDiskUse",
                                 "noCursorTimeout",
                                 "allowPartialResults",
                                 "tailable",
                                 "awaitData",
                                 "oplogReplay",
                                 "returnKey",
                                 "showRecordId",
                                 "min",
                                 "max",
                                 "encryptionInformation"});
  auto request = std::make_unique<FindRequest>();
  set_common(operation, *request, arguments);
  for (const std::string_view member :
       {"tailable", "awaitData", "returnKey", "showRecordId", "min", "max"}) {
    refuse_member(arguments, member);
  }
  request->projection = arguments.document("projection");
  if (const bson::View sort = arguments.document("sort"); !sort.empty()) {
    const bson::Element first = sort.front();
    if (first.key() == "$natural" && sort.count() == 1) {
      if (request->hint.missing()) request->hint = arguments["sort"];
    } else {
      request->sort = query::SortPattern::parse(sort, request->context);
    }
  }
  request->skip = arguments.at_least("skip", 0).value_or(0);
  request->limit = arguments.at_least("limit", 0);
  if (request->limit == 0) request->limit.reset();
  request->batch.size = arguments.at_least("batchSize", 0);
  request->batch.single = arguments.boolean("singleBatch", false);
  set_filter(operation, *request, command, arguments.document("filter"));
  return request;
}

std::unique_ptr<FindRequest> FindRequest::of_count(Operation& operation, bson::View command) {
  const CommandReader arguments(
      command, "count",
      {"query", "limit", "skip", "hint", "collation", "fields", "encryptionInformation"});
  auto request = std::make_unique<FindRequest>();
  set_common(operation, *request, arguments);
  request->skip = arguments.at_least("skip", 0).value_or(0);
  if (const auto limit = arguments.whole("limit"); limit && *limit != 0) {
    if (*limit == std::numeric_limits<std::int64_t>::min()) {
      throw DatabaseError(ErrorCode::kBadValue, "limit value for count is out of range");
    }
    request->limit = *limit < 0 ? -*limit : *limit;
  }
  set_filter(operation, *request, command, arguments.document("query"));
  return request;
}

std::unique_ptr<FindRequest> FindRequest::of_distinct(Operation& operation, bson::View command) {
  const CommandReader arguments(command, "distinct",
                                {"key", "query", "collation", "hint", "encryptionInformation"});
  auto request = std::make_unique<FindRequest>();
  set_common(operation, *request, arguments);
  set_filter(operation, *request, command, arguments.document("query"));
  return request;
}

std::optional<FindRequest::Point> FindRequest::point_of(bson::View command) {
  // Any other member, or one that is there twice, is for of_find to judge.
  constexpr std::string_view kMembers[] = {"filter",      "limit",      "batchSize",
                                           "singleBatch", "lsid",       "$db",
                                           "txnNumber",   "autocommit", "startTransaction"};
  enum { kFilter, kLimit, kBatchSize, kSingleBatch };
  Point point;
  unsigned seen = 0;
  bool first = true;
  for (const bson::Element& element : command) {
    if (std::exchange(first, false)) {
      if (!element.is_string()) return std::nullopt;
      point.collection = element.as_string();
      continue;
    }
    const auto at = std::find(std::begin(kMembers), std::end(kMembers), element.key());
    const auto position = static_cast<unsigned>(at - std::begin(kMembers));
    if (at == std::end(kMembers) || (seen & (1U << position)) != 0) return std::nullopt;
    seen |= 1U << position;
    if (position == kFilter) {
      if (!element.is_document()) return std::nullopt;
      const auto id = point_id(element.as_document());
      if (!id) return std::nullopt;
      point.id = *id;
    } else if (position == kLimit || position == kBatchSize) {
      const auto count = element.whole_number();
      if (!count || *count < 1) return std::nullopt;
    } else if (position == kSingleBatch) {
      if (element.type() != bson::Type::kBool) return std::nullopt;
    }
  }
  if (!point.id) return std::nullopt;
  return point;
}

std::optional<bson::ValueView> FindRequest::point() const {
  if (sort || !projection.empty() || skip != 0 || hint) return std::nullopt;
  return point_id(filter);
}

std::unique_ptr<query::DocumentStream> FindRequest::open(
    Operation& operation, const Collection& collection,
    std::shared_ptr<QueryContext>& context_out) const {
  query::Matcher matcher = query::Matcher::parse(filter, context);
  query::Projection shape = projection.empty()
                                ? query::Projection()
                                : query::Projection::parse(projection, &matcher, context);
  const PlannedQuery query(collection, std::move(matcher), sort_pattern(), hint);
  context_out = operation.query_context();
  auto stream = stream_of(query.open(*context_out));
  if (sort && !query.plan().provides_sort) {
    std::optional<std::int64_t> top;
    if (limit && *limit <= std::numeric_limits<std::int64_t>::max() - skip) top = *limit + skip;
    stream = query::sorted(std::move(stream), *sort, top);
  }
  if (skip > 0) stream = query::skipped(std::move(stream), skip);
  if (limit) stream = query::limited(std::move(stream), *limit);
  if (!shape.is_identity()) stream = query::projected(std::move(stream), std::move(shape));
  return stream;
}

}  // namespace quern::engine
