/** Where in the page the reader is, as it changes. */
import { type Route, routeOf } from "./route.ts";

class Router {
  route = $state.raw<Route>(routeOf(location.hash));

  constructor() {
    addEventListener("hashchange", () => {
      this.route = routeOf(location.hash);
    });
  }
}

export const router = new Router();

export function goTo(hash: string): void {
  location.hash = hash;
}
