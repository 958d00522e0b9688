"""The WebSocket server: live events to signed-in people, nothing lost over a reconnect. Protocol: docs/realtime.md."""
