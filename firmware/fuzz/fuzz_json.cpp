// Any bytes as JSON: the parser may refuse them, but what it accepts must canonicalise to a fixed point.
#include <array>
#include <cstdlib>
#include <string>

#include "canonical_json.hpp"
#include "json_number.hpp"

namespace {

class TextSink final : public egiz::CanonicalSink {
  public:
    std::string text;
    egiz::Status accept(std::string_view piece) override {
        text += piece;
        return {};
    }
};

bool canonical(std::string_view text, std::string& out) {
    static std::array<egiz::JsonToken, 256> pool;
    egiz::JsonDocument document(pool);
    if (!document.parse(text)) return false;
    TextSink sink;
    if (!egiz::canonicalize(document, document.root(), sink)) return false;
    out = sink.text;
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)egiz::canonical_number(text);
    std::string once;
    if (!canonical(text, once)) return 0;
    std::string twice;
    if (!canonical(once, twice) || once != twice) std::abort();
    return 0;
}
