// The recursive descent behind JsonDocument::parse().
#pragma once

#include "json_reader.hpp"

namespace egiz {

class JsonParser {
  public:
    JsonParser(std::string_view text, std::span<JsonToken> pool) : text_(text), pool_(pool) {}

    Status run();
    [[nodiscard]] std::size_t used() const { return used_; }

  private:
    bool value(std::size_t depth);
    bool object(std::size_t depth);
    bool array(std::size_t depth);
    bool string();
    bool number();
    bool literal(std::string_view word, JsonType type);
    bool escape();
    bool surrogate_pair(std::uint32_t first);
    bool hex4(std::uint32_t& out);
    bool utf8_sequence();
    bool digits();
    void space();
    bool take(char c);
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    JsonToken* add(JsonType type);
    bool fail(Err e);

    std::string_view text_;
    std::span<JsonToken> pool_;
    std::size_t at_ = 0;
    std::size_t used_ = 0;
    Err error_ = Err::bad_argument;
};

}  // namespace egiz
