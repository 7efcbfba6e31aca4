require "standin_greeting"
require "standin_native"

def handler(event:, context:)
  { greeting: StandinGreeting.to(event["name"]), native: StandinNative::VALUE }
end
