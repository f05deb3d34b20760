#include "losses/options.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace skrnn {
namespace {

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string text_of(const LossOption& option) {
  const auto* list = std::get_if<std::vector<double>>(&option);
  return list == nullptr ? text_of(std::get<double>(option))
                         : "a list of " + std::to_string(list->size());
}

[[noreturn]] void fail(const OptionRule& rule, const Loss& loss, const std::string& wrong) {
  throw std::invalid_argument(std::string(rule.name) + " " + wrong + "; it is an option of loss '" +
                              loss.name + "'");
}

void refuse_unknown(const Loss& loss, const LossSettings& settings) {
  for (const auto& option : settings.options) {
    const std::string& name = option.first;  // no structured binding: a lambda cannot capture one
    const bool known = std::any_of(loss.options.begin(), loss.options.end(),
                                   [&](const OptionRule& rule) { return rule.name == name; });
    if (known) continue;
    std::string names;
    for (const OptionRule& rule : loss.options) {
      names += (names.empty() ? "" : ", ") + std::string(rule.name);
    }
    throw std::invalid_argument("loss '" + settings.name + "' has no option '" + name + "', got " +
                                text_of(option.second) + "; " +
                                (names.empty() ? "leave it out" : "it has: " + names));
  }
}

}  // namespace

std::vector<std::vector<double>> resolve_options(const Loss& loss, const LossSettings& settings) {
  refuse_unknown(loss, settings);
  std::vector<std::vector<double>> result;
  for (const OptionRule& rule : loss.options) {
    const auto given = settings.options.find(rule.name);
    if (given == settings.options.end()) {
      if (rule.is_list) fail(rule, loss, "must be a list of numbers, got none");
      result.push_back({rule.default_value});
      continue;
    }
    const LossOption& option = given->second;
    const auto* list = std::get_if<std::vector<double>>(&option);
    if (rule.is_list != (list != nullptr) || (list != nullptr && list->empty())) {
      fail(rule, loss,
           (rule.is_list ? "must be a list of one or more numbers, got "
                         : "must be a number, got ") +
               text_of(option));
    }
    result.push_back(list != nullptr ? *list : std::vector<double>{std::get<double>(option)});
    for (const double value : result.back()) {
      if (!rule.allows(value)) fail(rule, loss, rule.range + (", got " + text_of(value)));
    }
  }
  return result;
}

}  // namespace skrnn
